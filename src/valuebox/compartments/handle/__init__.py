"""How much will be wagered on each upcoming match?"""
