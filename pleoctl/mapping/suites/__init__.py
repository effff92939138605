"""Whether the tests of rules hold."""
