"""Proposals: what tables that follow nobody's contract hold, and how to map them, with the evidence for it."""
