"""The simulated panel on the page: the lamps as they are lit, how the alarm stands, and which keys press the button."""

from __future__ import annotations

from collections.abc import Mapping

from vigil.events import Health
from vigil.processes.panorama_lines import EMPTY, Line, Piece, Tone, ends, joined, labelled, width_of

Lamps = tuple[tuple[str, int], ...]
"""Each lamp that is wired, and its brightness in quarters, from 0 to 4: finer is not seen in a terminal."""

KEYS: Mapping[str, str] = {"b": "short", "d": "double", "l": "long", "h": "hold", "v": "very_long"}
"""Which key does what with the button of a simulated panel."""

_FULL = 4
_DISCS = "○◔◑◕●"
_TONES = {"status": Tone.GOOD, "arm": Tone.BAD, "fault": Tone.WARN, "buzzer": Tone.NOTE, "siren": Tone.BAD}
_HANDS = "keys: b press, d twice, l long, h hold, v longer"


def lamps_of(levels: Mapping[str, str]) -> Lamps:
    """Return the lamps that a panel says it has lit; what it says is not trusted to be a number."""
    known = ((name, levels[name]) for name in _TONES if name in levels)
    return tuple((name, _quarters(int(level) if level.isascii() and level.isdigit() else 0)) for name, level in known)


def panel_line(lamps: Lamps, health: Health | None, width: int) -> Line:
    """Return the panel in one line; nothing where there is neither panel nor alarm."""
    if not lamps and not (health and health.arm):
        return EMPTY
    state = Piece(health.arm_words if health else "not known", Tone.STRONG)
    shown = joined(((Piece(_DISCS[level], _TONES[name]), Piece(f" {name}")) for name, level in lamps), "  ")
    left = joined(one for one in (labelled("alarm", (state,)), shown) if one)
    hands: Line = (Piece(_HANDS, Tone.DIM),) if lamps else EMPTY
    return ends(left, hands, width) if width_of(left) + width_of(hands) < width else left


def _quarters(per_cent: int) -> int:
    """Whatever glows at all is seen to glow."""
    return min(_FULL, -(-per_cent * _FULL // 100))
