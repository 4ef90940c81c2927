"""Tagged words as files: text, JSON, CSV, subtitles and ELAN."""
