"""From histories and a bundle to scores, in batches or for one request."""
