"""The labels of the managers' page, in English and Dutch."""
