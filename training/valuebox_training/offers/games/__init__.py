"""Made-up games whose players react to the offers that they are shown."""
