"""Gains, costs, limits and random draws: which accounts get which investment."""
