"""Who may see and do what: people, sessions, keys; and whom the store has to forget."""
