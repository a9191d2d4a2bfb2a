"""The model of handle: simulated worlds, learning from the past, judging."""
