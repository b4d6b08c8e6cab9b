"""Scoring runs and what stands behind their scores."""
