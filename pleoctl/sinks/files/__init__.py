"""Books that are files: one for each job, written whole and never changed, beside a ledger of what was handed over."""
