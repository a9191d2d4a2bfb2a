"""Simulated customers and events."""
