"""Learning: simulate, fit, validate, save to the model store; never part of the image."""
