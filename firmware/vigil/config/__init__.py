"""What the owner asked for."""
