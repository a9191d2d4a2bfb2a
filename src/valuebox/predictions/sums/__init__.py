"""Sums over what is stored, kept up to date beside the service, so that nobody has to scan it.

`folding` adds what is new to the sums, `queries` reads them. They stay when old rows are deleted;
`forgetting` takes users out of them.
"""
