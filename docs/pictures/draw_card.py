"""
Draws docs/pictures/card.svg: what the lamps say, to be printed and hung beside the box.

    python docs/pictures/draw_card.py > docs/pictures/card.svg
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

WIDTH, HEIGHT = 900, 686
INK, PAPER, FAINT, GREEN, RED, AMBER = "#222222", "#ffffff", "#bbbbbb", "#2e8b57", "#c0392b", "#d68910"
LEFT, MIDDLE, TOP, ROW = 40, 470, 110, 46

STATUS = (
    ("slow breath", "all that is promised is safely recorded"),
    ("one wink in 4 s", "as above, but a camera is paused for privacy"),
    ("two blinks, pause", "not yet yours: nothing is kept"),
    ("fast blinking", "can be claimed now, for ten minutes"),
    ("dark", "something is not recorded: see the fault lamp"),
)
ARM = (
    ("dark", "disarmed"),
    ("slow blinking", "arming: time to leave"),
    ("steady", "armed, nobody at home"),
    ("steady, one gap", "armed, somebody at home"),
    ("steady, two gaps", "armed for the night"),
    ("fast blinking", "disarm now: an alarm is about to begin"),
    ("flicker", "alarm"),
)
FAULTS = (
    ("camera", "a camera is lost, frozen or dark: plug, network, lens"),
    ("disk or card", "copy what matters, and replace it"),
    ("power", "mains, battery, supply, heat"),
    ("alarm: memory, sensor or button", "arm or disarm anew; look at wires"),
    ("clock", "the time is not right: network, vigil confirm-time"),
    ("journal, keys, owner", "recordings go on; vigil status says what to do"),
    ("network", "cable, router, broker"),
    ("configuration", "vigil config validate names every mistake"),
    ("anything else", "vigil status says what"),
)


def drawing() -> Iterator[str]:
    """The lines of the picture."""
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
    yield "<title>What the lamps of a Vigil say</title>"
    yield f'<rect x="4" y="4" width="{WIDTH - 8}" height="{HEIGHT - 8}" rx="14" fill="{PAPER}" stroke="{INK}"/>'
    yield from text(LEFT, 52, "What the lamps of this box say", size=24)
    yield from lamp(TOP, "Status", GREEN, STATUS)
    yield from lamp(TOP + 40 + ROW * len(STATUS), "Armed", RED, ARM, row=38)
    yield f'<circle cx="{MIDDLE + 10}" cy="{TOP - 26}" r="9" fill="{AMBER}"/>'
    yield from text(MIDDLE + 28, TOP - 20, "Fault: count the blinks, then look here", size=17)
    for number, (name, cure) in enumerate(FAULTS, 1):
        top = TOP + 18 + (number - 1) * 49
        for dot in range(number):
            yield f'<circle cx="{MIDDLE + 8 + 13 * dot}" cy="{top - 5}" r="4.5" fill="{AMBER}"/>'
        yield from text(MIDDLE + 132, top, name, size=15, weight="bold")
        yield from text(MIDDLE + 132, top + 18, cure, size=12)
    yield from text(
        MIDDLE, HEIGHT - 68, "one long, three short: somebody wants to take the box over", size=13, weight="bold"
    )
    yield from text(MIDDLE, HEIGHT - 48, "dark: no fault; steady: the box is starting, or nobody judges", size=13)
    yield from text(MIDDLE, HEIGHT - 28, "A press is answered by a short flash of the lamp “Armed”.", size=13)
    yield "</svg>"


def lamp(top: int, name: str, colour: str, rows: tuple[tuple[str, str], ...], *, row: int = ROW) -> Iterator[str]:
    """One lamp and what it says."""
    yield f'<circle cx="{LEFT + 10}" cy="{top - 26}" r="9" fill="{colour}"/>'
    yield from text(LEFT + 28, top - 20, name, size=17)
    for number, (how, what) in enumerate(rows):
        y = top + 16 + number * row
        yield from text(LEFT, y, how, size=14, weight="bold")
        yield from text(LEFT + 126, y, what, size=13)
        yield f'<path d="M{LEFT} {y + 10} H{MIDDLE - 30}" stroke="{FAINT}" stroke-width="0.5"/>'


def text(x: int, y: int, words: str, *, size: int, weight: str = "normal") -> Iterator[str]:
    """Words at a place."""
    yield f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{INK}">{escape(words)}</text>'


if __name__ == "__main__":
    print("\n".join(drawing()))
