"""What `pleoctl.sandbox.kinds` would hold of it."""
