"""What people tell the store: feedback, overrides, work, accepted plans, verdicts."""
