"""State that machines share, in PostgreSQL: lock, budget, runs, tokens."""
