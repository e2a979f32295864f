"""The box's own senses and lamps: devices, each behind one door, and what can be told from them."""
