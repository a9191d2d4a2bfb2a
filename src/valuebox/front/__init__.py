"""What a browser is shown first: a start page and a reference of the API, without a script."""
