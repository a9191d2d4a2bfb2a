"""Which offer should this player see now, learning from every answer."""
