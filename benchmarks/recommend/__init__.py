"""Recommendations beside others, on three public sets of sessions."""
