"""Bins of features, learned from those whom a model is trained on."""
