"""Trains, scores and exports the networks that Priora runs. README.md says how."""
