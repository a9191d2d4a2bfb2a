"""What a column of a source means: seen whole, in batches, then decided, then read in batches.

A single value often fits several meanings: "05/02/2013" is in February or in May, "1,234" more
than a thousand or a little more than one. The column as a whole mostly tells; where it does not,
it is refused and the choice named, since a wrong guess would be a wrong number that nobody sees.
"""
