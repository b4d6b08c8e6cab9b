"""What models learn from: labels, slices, samples, datasets, population totals."""
