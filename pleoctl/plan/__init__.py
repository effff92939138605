"""The plan artifact: build, guard, freeze, read back."""
