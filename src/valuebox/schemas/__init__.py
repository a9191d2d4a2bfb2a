"""Values and their bounds, as requests, files and tables have them."""
