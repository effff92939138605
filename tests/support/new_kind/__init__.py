"""A made-up flat kind: its row, its module of Pleo's operations, its module of the sandbox."""
