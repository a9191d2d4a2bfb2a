"""What serving costs, side by side with what would otherwise be used."""
