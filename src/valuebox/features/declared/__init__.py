"""Features as a file declares them: blocks and windows around a moment, of raw events."""
