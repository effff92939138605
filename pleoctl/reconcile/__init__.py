"""Desired state × live Pleo → changes. Pure: no I/O, no clock, the same inputs give the same changes."""

from pleoctl.reconcile.changes import Held, LiveState, Reconciliation, Scope
from pleoctl.reconcile.run import reconcile
from pleoctl.reconcile.simulate import simulate

__all__ = ["Held", "LiveState", "Reconciliation", "Scope", "reconcile", "simulate"]
