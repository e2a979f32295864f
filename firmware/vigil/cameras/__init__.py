"""Light becomes packets: one module per kind of camera."""
