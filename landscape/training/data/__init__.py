"""Training data: prepared pictures, pairs and masks, and batches of them."""
