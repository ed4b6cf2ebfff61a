"""Probability maps and their scores, metastasis by metastasis."""
