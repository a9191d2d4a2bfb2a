"""What happened: customers and their events, whatever their source; compartments read them."""
