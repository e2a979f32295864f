"""Stands where Python's `kms` would: picamera2 imports its screen preview always, and Debian has no such package."""

from __future__ import annotations


class _Names:
    """Any name is a pixel format: only a screen would ask what it means."""

    def __getattr__(self, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name


PixelFormats = _Names()
