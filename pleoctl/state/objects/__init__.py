"""A company's lock in an object store, by conditional writes; the rest stays with this machine."""
