"""Made-up shops whose visitors react to the lists that they are shown."""
