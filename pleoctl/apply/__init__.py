"""Carry a reviewed plan out: lock, re-read, order, journal, executor, receipt."""

from pleoctl.apply.lock import FileLock, Holder, Lock
from pleoctl.apply.receipt import Receipt, Result
from pleoctl.apply.run import Applied, apply_plan

__all__ = ["Applied", "FileLock", "Holder", "Lock", "Receipt", "Result", "apply_plan"]
