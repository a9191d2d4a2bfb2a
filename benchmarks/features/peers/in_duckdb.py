"""The table of examples/features/offers.toml, by hand in DuckDB for the log of this benchmark.

It knows that only launches have a country, that sessions of a player follow one another, and that
the log is shorter than the lookback. Anchors before which something was still on its way are worked
out from their whole history; all others from joins.
"""

import sys

import duckdb

DAY = 86_400_000_000
STATEMENTS = """
CREATE TEMP TABLE lost AS
WITH ids AS (FROM read_parquet('{log}', file_row_number = true)
    SELECT id, epoch_us(received_at) AS received, file_row_number AS row)
SELECT row FROM (SELECT row, row_number() OVER (PARTITION BY id ORDER BY received, row) AS n
    FROM ids WHERE id IN (SELECT id FROM ids GROUP BY id HAVING count(*) > 1)) WHERE n > 1;

CREATE TEMP TABLE ev AS SELECT id, customer, hash(customer) AS who, session, type,
    epoch_us(time) AS time, epoch_us(received_at) AS received, won IN ('1', 'true') AS won, country,
    signin_method, offer_type, offer_price, round(txn_amount::DOUBLE * 1e6)::BIGINT AS spent
FROM read_parquet('{log}', file_row_number = true)
WHERE file_row_number NOT IN (FROM lost);

CREATE TEMP TABLE anchors AS SELECT *,
    CASE WHEN received - time > {day} THEN 9e18::BIGINT ELSE least(time, received) END AS known
FROM ev WHERE type = 'offer_shown';

CREATE TEMP TABLE checked AS
WITH reached AS (SELECT who, time, max(max(received)) OVER (PARTITION BY who ORDER BY time)
    AS received FROM ev GROUP BY who, time)
SELECT a.*, coalesce(r.received, 0) > a.known AS waits
FROM anchors a ASOF LEFT JOIN reached r ON a.who = r.who AND r.time < a.time;

CREATE TEMP TABLE totals AS SELECT who, session, min(time) AS begins,
    count(*) FILTER (type = 'game_start') AS played,
    count(*) FILTER (type = 'game_end' AND won) AS wins FROM ev GROUP BY who, session;
CREATE TEMP TABLE sessions AS SELECT session, lag(played) OVER w AS played, lag(wins) OVER w AS wins
FROM totals WINDOW w AS (PARTITION BY who ORDER BY begins);

CREATE TEMP TABLE launches AS SELECT who, time, country,
    contains(signin_method, 'facebook') AS facebook FROM ev WHERE type = 'launch';
CREATE TEMP TABLE sums AS SELECT who, time, sum(sum(spent))
    OVER (PARTITION BY who ORDER BY time) AS spent
FROM ev WHERE type = 'purchase' GROUP BY who, time;

CREATE TEMP TABLE sure AS SELECT a.id, l.country, l.facebook, s.played, s.wins,
    coalesce(b.spent, 0) - coalesce(w.spent, 0) AS before
FROM checked a LEFT JOIN sessions s ON a.session = s.session
ASOF LEFT JOIN launches l ON a.who = l.who AND l.time < a.time
ASOF LEFT JOIN sums b ON a.who = b.who AND b.time < a.time
ASOF LEFT JOIN sums w ON a.who = w.who AND w.time < a.time - 7 * {day}
WHERE NOT a.waits;

CREATE TEMP TABLE seen AS SELECT a.id AS anchor, a.session AS own, a.time AS shown, e.*
FROM checked a JOIN ev e ON a.who = e.who AND e.time < a.time AND e.received <= a.known
WHERE a.waits;
CREATE TEMP TABLE late AS
WITH of AS (SELECT anchor, arg_max(country, time) AS country,
        arg_max(contains(signin_method, 'facebook'), time) AS facebook,
        arg_max(session, time) FILTER (session <> own) AS last,
        coalesce(sum(spent) FILTER (time >= shown - 7 * {day}), 0) AS before
    FROM seen GROUP BY anchor),
games AS (SELECT s.anchor, count(*) FILTER (type = 'game_start') AS played,
        count(*) FILTER (type = 'game_end' AND won) AS wins
    FROM seen s JOIN of o ON s.anchor = o.anchor AND s.session = o.last GROUP BY s.anchor)
SELECT a.id, o.country, o.facebook, g.played, g.wins, coalesce(o.before, 0) AS before
FROM checked a LEFT JOIN of o ON a.id = o.anchor LEFT JOIN games g ON a.id = g.anchor WHERE a.waits;

COPY (
SELECT a.id AS anchor_id, a.customer, make_timestamp(a.time) AS time, k.country,
    k.facebook AS facebook_connected, a.offer_type, a.offer_price::DOUBLE AS offer_price,
    k.played AS games_played, k.wins / nullif(k.played, 0) AS win_ratio,
    k.before / 1e6 AS prev_week,
    (coalesce(f.spent, 0) - coalesce(b.spent, 0)) / 1e6 AS next_week,
    least((coalesce(f.spent, 0) - coalesce(b.spent, 0)) / 1e6, 50) AS capped
FROM checked a JOIN (FROM sure UNION ALL FROM late) k ON a.id = k.id
ASOF LEFT JOIN sums b ON a.who = b.who AND b.time < a.time
ASOF LEFT JOIN sums f ON a.who = f.who AND f.time < a.time + 7 * {day}
ORDER BY a.customer, a.time, a.id) TO '{out}' (FORMAT parquet)
"""


def main(log: str, out: str) -> None:
    """Write the table of a log."""
    connection = duckdb.connect()
    connection.execute("SET threads = 2; SET preserve_insertion_order = false")
    connection.execute(STATEMENTS.format(log=log, out=out, day=DAY))


if __name__ == "__main__":
    main(*sys.argv[1:])
