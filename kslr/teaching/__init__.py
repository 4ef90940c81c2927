"""Teaching and practising: words from a few recordings each, and how near a learner's sign is to an example."""
