"""The nouns: kinds of records and their field table, desired rows, live records, addresses."""
