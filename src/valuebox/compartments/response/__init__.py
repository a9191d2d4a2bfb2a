"""Who will buy, like or share next, and of what category."""
