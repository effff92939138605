"""Whether rules are sound, what they cover, what a change of them moves."""
