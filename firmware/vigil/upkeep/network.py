"""Whether the box reaches a network: it has a route to everywhere. Nobody is asked anything over it."""

from __future__ import annotations

from pathlib import Path

_UP = 0x1


def has_way_out(net: Path = Path("/proc/net")) -> bool:
    """Say whether a default route exists, in IPv4 or IPv6."""
    return _in_ipv4(_lines(net / "route")) or _in_ipv6(_lines(net / "ipv6_route"))


def _in_ipv4(lines: list[list[str]]) -> bool:
    """`Iface Destination Gateway Flags … Mask`: a destination of zeros with a mask of zeros is everywhere."""
    return any(len(words) > 7 and words[1] == words[7] == "00000000" and _is_up(words[3]) for words in lines)


def _in_ipv6(lines: list[list[str]]) -> bool:
    """`destination length … flags device`: the kernel keeps one of its own on lo that leads nowhere."""
    return any(
        len(words) == 10 and words[:2] == ["0" * 32, "00"] and words[9] != "lo" and _is_up(words[8]) for words in lines
    )


def _is_up(flags: str) -> bool:
    try:
        return bool(int(flags, 16) & _UP)
    except ValueError:
        return False


def _lines(path: Path) -> list[list[str]]:
    try:
        return [line.split() for line in path.read_text(encoding="ascii", errors="replace").splitlines()]
    except OSError:
        return []
