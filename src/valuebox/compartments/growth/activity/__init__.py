"""Which customers there are, which of them stay, and which stop coming."""
