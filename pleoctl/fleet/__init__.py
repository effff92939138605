"""One company's actions, and the same for many: selected, run here or queued on PostgreSQL, told in one place.

Begin with `company` and `planning`: what commands do, without a word of a terminal, whose part the `caller` plays. For
many: `fleet` (the file and its companies), `select`, `run` (side by side by `crew`, each company's `work`), `receipt`,
`book` and `status`. A company's own process is `child`, what it is kept from `confine` and `private`; `queue` spreads
runs over machines.
"""
