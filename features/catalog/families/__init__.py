"""The families of features, one module each: the features, and the computations that they need."""
