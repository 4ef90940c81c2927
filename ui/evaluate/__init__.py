"""The evaluate page."""
