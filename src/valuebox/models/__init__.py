"""Artifacts in and out of the model store, and what explains a prediction."""
