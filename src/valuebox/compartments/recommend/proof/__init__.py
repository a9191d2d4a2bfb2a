"""Whether recommendations are better, or at least not worse: figures, experiments and verdicts.

No SQL and no HTTP: columns in, figures out. What others build on:

- `assignment.assign(source, experiment, session, shares)` says which arm a session is in.
- `coding.coded(views, lists, orders)` makes columns of rows whose ids are texts.
- `sessions.watched(views, lists, purchases, arms)` makes the table of sessions of columns.
- `kpis.KPIS` are the figures; `kpis.figure(kpi, sessions)` is one of them with its interval.
- `judging.judge(watched, experiment)` compares an arm with its control.
- `planning.plan(each, margin)` says how many sessions that takes.
- `interleaving.draft(first, second, count, seed)` merges two lists,
  `preference.preference(watched, experiment)` says which of them visitors click more.
- `months.by_month(watched)` has the figures by month.
- `report.report(watched, experiment)` puts all of it together; `rendering.page` and `section`
  draw it.
"""
