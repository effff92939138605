"""Desired state × live Pleo → changes. Pure: no I/O, no clock, the same inputs give the same changes."""

from pleoctl.reconcile.changes import Change, Held, LiveState, Parent, Reconciliation, Scope
from pleoctl.reconcile.run import reconcile
from pleoctl.reconcile.simulate import simulate

__all__ = ["Change", "Held", "LiveState", "Parent", "Reconciliation", "Scope", "reconcile", "simulate"]
