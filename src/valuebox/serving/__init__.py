"""A request, from the socket to an endpoint and back."""
