"""The page of offers."""
