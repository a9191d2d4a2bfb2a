"""Sums over what is stored, kept up to date beside the service, so that nobody has to scan it.

`folding` adds what is new to the sums. `queries`, `totals`, `cohort_means`, `drift` and
`calibration` read them: asked with a `selection`, they return `answers`. The sums stay when old
rows are deleted; `forgetting` takes people out of them.
"""
