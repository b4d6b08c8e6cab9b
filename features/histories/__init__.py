"""Every account's events as flat sorted arrays, and how they stood at any instant."""
