"""The paper's numbers next to ours: the tables and pictures of docs/results.md."""
