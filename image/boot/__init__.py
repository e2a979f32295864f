"""The start of a card: the slot selector, and the files around it."""
