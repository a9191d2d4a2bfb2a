"""`valuebox features build` beside DuckDB, Polars and pandas by hand, over millions of events."""
