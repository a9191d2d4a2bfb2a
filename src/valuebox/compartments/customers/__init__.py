"""What compartments have in common that predict what stored customers will do within a period."""
