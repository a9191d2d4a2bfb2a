"""The facts that a report is made of, read, cleaned and in one time zone."""
