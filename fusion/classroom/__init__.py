"""How a group reacts: the loop, its windows of ten seconds, the history and the report."""
