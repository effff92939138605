"""pleoctl: plan and apply for Pleo, driven by an accounting system."""

__version__ = "0.1.0"
