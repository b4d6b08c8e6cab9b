"""What to do with an account: the advice, by when, the reasons, and what to say."""
