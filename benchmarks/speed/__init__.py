"""How long work takes, beside a peer or a limit."""
