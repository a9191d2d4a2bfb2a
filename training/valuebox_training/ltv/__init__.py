"""The model of lifetime value: simulated worlds, fitting, judging."""
