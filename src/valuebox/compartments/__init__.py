"""The business questions, each with its model, tables and endpoints."""
