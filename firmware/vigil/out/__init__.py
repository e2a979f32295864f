"""What leaves the box: films that any player opens, made for whoever holds the key."""
