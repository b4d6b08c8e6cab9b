"""The effects of investments and of climbing: trials, estimates, gates and checks, and what plans brought."""
