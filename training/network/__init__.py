"""The networks: their layers, where their inputs lie, and how they run over whole volumes."""
