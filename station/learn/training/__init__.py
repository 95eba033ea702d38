"""Training: from a dataset to a model bundle with damage heads."""
