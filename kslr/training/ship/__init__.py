"""Makes the sign models that are shipped."""
