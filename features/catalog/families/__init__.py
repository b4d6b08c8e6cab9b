"""What is known about an account, one module a family: its features, next to the measures that they need."""
