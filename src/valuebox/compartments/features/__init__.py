"""Declared features of events: what was known of a customer at the moment of a decision."""
