"""The emotion networks, and their training steps."""
