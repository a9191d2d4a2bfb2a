"""Large tables of PostgreSQL in partitions by month, so that old months are dropped at once."""
