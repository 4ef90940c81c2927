"""The affect of a face: from a 48×48 crop to seven calibrated probabilities."""
