"""What is served: predictors, the bundle on disk, findings and their texts; all of training that serving may import."""
