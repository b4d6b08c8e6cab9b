"""Account managers' own word: what they forecast and decided, and how right they have been."""
