"""Scoring of files larger than memory, without a server: read, check, predict, write."""
