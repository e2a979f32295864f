"""Makes the card image of Vigil: `python -m builder` with `image/` on the path."""
