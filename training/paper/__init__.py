"""The paper's numbers beside ours: the tables and pictures of docs/results.md."""
