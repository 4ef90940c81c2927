"""The basement: trained weights with a card beside each, and what both branches need to use them."""
