"""The estimation of effects: residuals, forms weighed by evidence, doubly robust averages, within dates."""
