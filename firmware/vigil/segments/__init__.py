"""Packets become sealed, signed bytes: no camera, no disk."""
