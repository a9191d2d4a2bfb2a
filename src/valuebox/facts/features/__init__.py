"""Declared features of stored events: which declarations there are, and answers to questions."""
