"""An account's page, and what it is made of."""
