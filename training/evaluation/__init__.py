"""How predictions are judged out of time: folds, metrics, intervals, grades."""
