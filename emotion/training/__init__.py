"""Everything that trains or measures emotion networks. Serving never imports it."""
