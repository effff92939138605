"""What rules say: files, rows, predicates, templates."""
