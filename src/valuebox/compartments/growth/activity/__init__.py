"""Who is there, who stays, and who stops coming."""
