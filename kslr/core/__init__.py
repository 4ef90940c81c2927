"""What both branches stand on: model cards, LiteRT models, calibration, scores, reports, files, parallel work, errors."""
