"""Staying alive: what keeps the box itself in order, whatever it records."""
