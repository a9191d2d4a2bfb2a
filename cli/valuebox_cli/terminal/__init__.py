"""How commands speak: tables, messages, progress, options."""
