"""Tracking in the person's own browser: where its programs come from, and what runs there."""
