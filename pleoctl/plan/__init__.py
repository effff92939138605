"""The plan artifact: build, guard, simulate, freeze, read back."""
