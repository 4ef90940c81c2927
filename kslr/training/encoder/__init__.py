"""The sign encoder across signers: its recordings, their augmentation, its batches and its training steps."""
