-- The tables of whoever stores by hand: the facts of a prediction, what finds them, and no more.
-- A prediction has the id of its features. Ids of a request differ in their last 24 bits alone, so
-- that the primary keys find a request, too: its rows are a range of ids.
CREATE TABLE IF NOT EXISTS features (
    id uuid PRIMARY KEY,
    received_at timestamptz NOT NULL,
    user_id bigint NOT NULL,
    join_date timestamp NOT NULL,
    hidden smallint,
    stv double precision,
    credit_card_level text,
    is_lp smallint,
    aff_type text,
    is_cancelled smallint,
    country_segment text
);
CREATE INDEX IF NOT EXISTS features_of_user ON features (user_id);
CREATE TABLE IF NOT EXISTS predictions (
    id uuid PRIMARY KEY,
    model text NOT NULL,
    prediction double precision NOT NULL,
    lower double precision NOT NULL,
    upper double precision NOT NULL,
    predicted_at timestamptz NOT NULL
);
