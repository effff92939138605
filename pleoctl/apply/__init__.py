"""Carry a reviewed plan out: lock, re-read, order, journal, executor, receipt."""

from pleoctl.apply.run import Applied, Target, apply_plan
from pleoctl.run.receipt import Receipt, Result
from pleoctl.state.lock import FileLock, Holder, Lock

__all__ = ["Applied", "FileLock", "Holder", "Lock", "Receipt", "Result", "Target", "apply_plan"]
