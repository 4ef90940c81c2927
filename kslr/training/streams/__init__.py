"""Streams with known signs, joined from recordings of single signs; segmentation is trained and measured on them."""
