"""Sealed bytes are kept, found again, and forgotten on purpose."""
