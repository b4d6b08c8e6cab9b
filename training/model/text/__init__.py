"""The text catalogue: every sentence about a model, an account or a plan, in English and Dutch."""
