"""Sources cut by account into parts, for data larger than memory."""
