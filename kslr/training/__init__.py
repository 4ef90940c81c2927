"""Everything that trains or measures sign networks. Serving never imports it."""
