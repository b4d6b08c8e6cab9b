"""The evaluation of predictions out of time: folds, metrics, intervals, grades."""
