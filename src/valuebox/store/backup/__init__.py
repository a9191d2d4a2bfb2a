"""A database as a folder of files, and such a folder as a database of either kind."""
