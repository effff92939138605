"""One company's actions, and the same for many: selected, run here or queued on PostgreSQL, told in one place."""
