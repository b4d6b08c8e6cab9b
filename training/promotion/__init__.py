"""Promotion: evidence, checks as pure functions, and a report that a manager can read."""
