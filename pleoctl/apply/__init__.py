"""Carry a reviewed plan out: lock, re-read, order, journal, executor, receipt."""
