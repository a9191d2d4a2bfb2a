"""Who may call: API keys, what they are allowed, and how much of it."""
