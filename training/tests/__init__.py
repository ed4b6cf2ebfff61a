"""Run with `python3 -m pytest training/tests`."""
