"""Items in, entries out."""
