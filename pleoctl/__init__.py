"""pleoctl: plan and apply for Pleo, driven by an accounting system."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("pleoctl")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0.0.0"
