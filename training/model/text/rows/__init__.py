"""Rows of the text catalogue, by who finds what they tell."""
