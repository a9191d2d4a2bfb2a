"""Lifetime value: what will this user spend in a bit more than two months?"""
