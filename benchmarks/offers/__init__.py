"""Offers: worlds of players, and what is measured in them."""
