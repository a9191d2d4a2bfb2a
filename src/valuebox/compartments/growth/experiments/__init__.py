"""Experiments: arms beside their control, and how many customers a comparison takes."""
