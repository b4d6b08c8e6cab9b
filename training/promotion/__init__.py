"""May this model become champion: evidence, checks as pure functions, and a report that a manager can read."""
