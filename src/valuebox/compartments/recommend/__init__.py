"""Recommend: what should an anonymous visitor of a shop see next?"""
