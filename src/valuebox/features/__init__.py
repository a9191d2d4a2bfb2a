"""Columns into numbers and bins, as models and monitoring need them."""
