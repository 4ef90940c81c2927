"""THE face crop: from landmarks or a detector's box to 48×48 grey, cut the same way for training, video and live."""

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SIZE = 48
