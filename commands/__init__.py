"""The commands of `ladder`, by what they are about; each takes its parsed options and returns its main figures."""
