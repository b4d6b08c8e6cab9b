"""Monitoring of the champion: drift, labels that matured, early signs, advice."""
