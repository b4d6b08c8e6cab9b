"""The events of every account as flat sorted arrays, and what was known of them at any instant."""
