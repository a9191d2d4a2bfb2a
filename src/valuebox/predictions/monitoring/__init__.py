"""Whether users and predictions of late are what the model was made for; see docs/monitoring.md."""
