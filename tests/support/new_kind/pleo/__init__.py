"""What `pleoctl.pleo` would hold of it."""
