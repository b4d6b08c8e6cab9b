"""What stands in MLflow: runs, pictures, cards, versions and the champion. The tracker is the one door."""
