"""Makers of the shipped weights and their cards: ``python -m kslr.training.ship --help``."""
