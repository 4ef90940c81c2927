"""The basement that both branches stand on: cards, the LiteRT runtime, calibration, scores, files, errors."""
