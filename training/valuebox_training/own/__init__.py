"""Estimators of one's own: made by a factory, fitted, pickled, and proved in a fresh process."""
