"""A simulated B2B supplier with known truth: the oracle of the tests and the source of the demo.

Estimators never import it.
"""
