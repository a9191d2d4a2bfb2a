"""Commands that administer: database, keys, users, models, monitoring."""
