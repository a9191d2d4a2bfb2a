"""Files of events, read for features without a database: JSON lines, CSV and Parquet."""
