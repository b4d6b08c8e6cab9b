"""What investments and climbing bring: trials, estimates, gates and checks, and what plans brought."""
