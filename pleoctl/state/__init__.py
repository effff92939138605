"""What runs share: the lock."""
