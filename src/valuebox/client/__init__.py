"""The service as Python programs call it, over HTTP."""
