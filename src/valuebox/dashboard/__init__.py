"""What is stored, for people: pages made on the server from the sums, without any script.

`site` answers requests, `choices` says what was asked for, `reading` asks the sums, `panels` makes
tables of it, `charts` and `scales` place it in pictures, `pages` puts all into HTML. `sessions`
stands for an API key that a browser has signed in with.
"""
