"""Losses, the optimiser, and the training loop."""
