"""What is kept in MLflow: runs, plots, model cards, versions and the champion.

`training.tracking.tracker` is the only module that imports MLflow.
"""
