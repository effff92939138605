"""The desired-state file: read it, write it row by row, keep people's comments."""
