"""Carry a reviewed plan out.

Begin with `run`: what was planned is read again (`fresh`), the `executor` takes the waves of changes, each a step of
`steps`, the `ledger` keeps how they end, and `verify` looks once more. `cascade` and `freed` undo what nobody asked
for.
"""
