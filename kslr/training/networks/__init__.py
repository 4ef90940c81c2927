"""The sign networks, in backend-neutral Keras 3."""
