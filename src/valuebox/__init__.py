"""A Bento box of customer-value models: facts, features, model, prediction, outcome."""
