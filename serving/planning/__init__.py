"""Gains, costs, limits and lots: which accounts get which investment."""
