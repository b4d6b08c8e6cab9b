"""What is served: predictors, the bundle on disk, findings and their texts. All of training that serving may import."""
