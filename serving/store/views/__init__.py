"""Sums over a run that the page shows first: figures, news, totals, groups."""
