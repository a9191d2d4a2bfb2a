"""What a worker process does beside answering: start, drain, expiry of old rows."""
