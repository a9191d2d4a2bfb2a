"""The command `valuebox`: train, evaluate, look up and administer."""
