"""What every run that can be resumed leaves behind: its journal and its receipt."""
