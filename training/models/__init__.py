"""How each prediction is fitted, and the baselines beside it."""
