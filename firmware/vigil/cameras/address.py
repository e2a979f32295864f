"""A camera's address as it may be shown: never with its user or password. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit


def shown(address: str) -> str:
    """Return the address without user, password and query (cameras take passwords in queries, too)."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        return "the camera's address"
    if not parts.scheme or not host:
        return address if "@" not in address and "?" not in address else "the camera's address"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"
