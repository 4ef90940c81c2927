"""Kazakh Sign Language: from video to landmarks to signs."""
