"""The books as something to write to: find what stands, book, attach, and say how each call ended."""
