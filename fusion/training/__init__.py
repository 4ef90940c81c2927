"""Everything that is fitted on both branches together. Serving never imports it."""
