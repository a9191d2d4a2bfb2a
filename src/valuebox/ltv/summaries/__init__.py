"""Sums over what is stored, kept up to date beside the service, so that nobody has to scan it.

`folding` adds what is new to the sums, `queries` reads them. They hold nothing of single users
and stay when rows are deleted.
"""
