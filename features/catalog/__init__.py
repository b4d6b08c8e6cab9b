"""The features: declared as rows, computed by one function."""
