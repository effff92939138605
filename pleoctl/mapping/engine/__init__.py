"""What happens to one item, and why."""
