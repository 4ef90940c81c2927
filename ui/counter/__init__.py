"""Both ways at a counter: which words can be signed, and the clerk's answers beside them."""
