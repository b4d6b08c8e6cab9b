"""The search for booster settings, and what it found."""
