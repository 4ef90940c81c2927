"""Looking signs up: the words of a dictionary that are nearest to a sign."""
