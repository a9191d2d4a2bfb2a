"""The page of recommend, at `/dashboard/recommend`."""
