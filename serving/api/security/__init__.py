"""Who may ask, how often, and whether the service takes more: keys, limits, the gate."""
