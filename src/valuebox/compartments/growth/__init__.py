"""Which campaigns and segments pay, and what lift does a change bring?"""
