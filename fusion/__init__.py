"""Both branches together: a word tagged with affect."""
