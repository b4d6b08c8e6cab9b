"""Lists of accounts: the priorities, the work list, value at risk, their filters and files."""
