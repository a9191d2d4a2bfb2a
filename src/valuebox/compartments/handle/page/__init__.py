"""The page of handle on the dashboard."""
