"""The seven rungs of the ladder: their rules, the steps to the next one, and who can switch."""
