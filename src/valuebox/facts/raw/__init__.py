"""Events as games and shops have them, made into ours by what a mapping says of their names."""
