"""The command line of `ladder`: each command takes its own options, does its work, and returns its main figures."""
