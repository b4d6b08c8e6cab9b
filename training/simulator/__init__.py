"""A B2B supplier with known truth: the oracle of the tests and the source of the demo; estimators never see it."""
