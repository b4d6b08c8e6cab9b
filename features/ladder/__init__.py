"""The seven rungs: their rules, what is missing for the next one, who can switch."""
