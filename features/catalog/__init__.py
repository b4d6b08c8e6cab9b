"""The feature catalogue: features declared as rows of a table, computed by one function."""
