"""How near predictions and claims come to the truth."""
