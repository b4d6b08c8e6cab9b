"""What is said of an account: signals, plays, reasons, events, roles, advice, entries of the audit log."""
