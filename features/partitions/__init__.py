"""A source in parts: written, summarised, read and merged."""
