"""A Bento box of customer-value models: facts, features, model, prediction, outcome."""

__version__ = "0.1.0"
