"""
Draws docs/pictures/wiring.svg: the 40-pin header, the parts, and the wires between them.

    python docs/pictures/draw_wiring.py > docs/pictures/wiring.svg

The signals come from the table in docs/guide/wiring.md; power and ground are added here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "guide" / "wiring.md"
ROW = re.compile(r"^\| ([^|]+?) \| (GPIO \d+) \| (\d+) \|")

WIDTH, HEIGHT = 940, 690
TOP, PITCH = 110, 27
LEFT_PIN, RIGHT_PIN = 455, 485
BOX_WIDTH = 190
LEFT_BOX, RIGHT_BOX = 40, WIDTH - 40 - BOX_WIDTH

RED, BLACK = "#c0392b", "#333333"
SIGNALS = ("#1f6fb2", "#2e8b57", "#b8860b", "#7d3c98", "#d35400", "#117a8b")
POWER = {1: "3.3 V", 2: "5 V", 4: "5 V", 17: "3.3 V"}
GROUND = (6, 9, 14, 20, 25, 30, 34, 39)


@dataclass(frozen=True, slots=True)
class Part:
    """A box with its name, a word of advice, the y of its top, and the pins it is wired to, from above."""

    name: str
    advice: str
    top: int
    pins: tuple[int, ...]

    @property
    def is_left(self) -> bool:
        return self.pins[0] % 2 == 1

    def terminal(self, number: int) -> tuple[int, int]:
        """Where the wire of the n-th pin ends."""
        return (LEFT_BOX + BOX_WIDTH if self.is_left else RIGHT_BOX, self.top + 34 + 20 * number)

    @property
    def height(self) -> int:
        return 30 + 20 * len(self.pins)


PARTS = (
    Part("Clock DS3231", "", 80, (1, 3, 5, 9)),
    Part("Button", "closes to ground", 208, (11, 25)),
    Part("Lamp: armed", "LED and 330 Ω", 296, (13, 25)),
    Part("Lamp: status", "LED and 330 Ω", 384, (15, 25)),
    Part("Power button", "closes to ground", 560, (37, 39)),
    Part("Motion sensor", "out: 3.3 V", 80, (2, 6, 18)),
    Part("Lamp: fault", "LED and 330 Ω", 208, (14, 16)),
    Part("Door contact", "closed with the door", 296, (20, 22)),
)


def signals() -> dict[int, str]:
    """The line behind each pin that carries a signal, from the guide's table."""
    rows = (ROW.match(line) for line in PAGE.read_text(encoding="utf-8").splitlines())
    return {int(row[3]): row[2] for row in rows if row}


def name_of(pin: int, lines: dict[int, str]) -> str:
    """What a pin carries."""
    return lines.get(pin) or POWER.get(pin) or ("ground" if pin in GROUND else "")


def place_of(pin: int) -> tuple[int, int]:
    """The middle of a pin."""
    return (LEFT_PIN if pin % 2 else RIGHT_PIN, TOP + PITCH * ((pin - 1) // 2))


def colour_of(pin: int, lines: dict[int, str]) -> str:
    """Red is power, black is ground, every signal has its own."""
    if pin in lines:
        return SIGNALS[sorted(lines).index(pin) % len(SIGNALS)]
    return RED if pin in POWER else BLACK


def draw() -> Iterator[str]:
    """The picture, line by line."""
    lines = signals()
    wired = {pin for part in PARTS for pin in part.pins}
    assert set(lines) <= wired, f"no part for pins {set(lines) - wired}"
    space = "http://www.w3.org/2000/svg"
    yield f'<svg xmlns="{space}" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">'
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    yield f'<text x="{WIDTH // 2}" y="34" text-anchor="middle" font-size="18">The 40-pin header, seen from above</text>'
    corner = "pin 1 is in the corner away from the USB sockets"
    yield f'<text x="{WIDTH // 2}" y="56" text-anchor="middle" fill="#666666">{corner}</text>'
    for part in PARTS:
        yield from draw_wires(part, lines)
    yield from draw_header(lines)
    for part in PARTS:
        yield from draw_part(part, lines)
    yield "</svg>"


def draw_wires(part: Part, lines: dict[int, str]) -> Iterator[str]:
    """From the pins to the part; drawn before both, so that they lie on top."""
    for number, pin in enumerate(part.pins):
        (x, y), (end_x, end_y) = place_of(pin), part.terminal(number)
        middle = (x + end_x) // 2
        yield (
            f'<path d="M {x} {y} C {middle} {y} {middle} {end_y} {end_x} {end_y}" fill="none" '
            f'stroke="{colour_of(pin, lines)}" stroke-width="2.5"/>'
        )


def draw_header(lines: dict[int, str]) -> Iterator[str]:
    """The 40 pins; pin 1 is square, as on the board."""
    height = PITCH * 19 + 34
    yield f'<rect x="{LEFT_PIN - 17}" y="{TOP - 17}" width="64" height="{height}" rx="4" fill="#222222"/>'
    for pin in range(1, 41):
        x, y = place_of(pin)
        is_wired = any(pin in part.pins for part in PARTS)
        fill = colour_of(pin, lines) if is_wired else "#777777"
        shape = f'x="{x - 11}" y="{y - 11}" width="22" height="22"' + ("" if pin == 1 else ' rx="11"')
        yield f'<rect {shape} fill="{fill}" stroke="#e8c04a" stroke-width="1.5"/>'
        yield f'<text x="{x}" y="{y + 4}" text-anchor="middle" font-size="11" fill="#ffffff">{pin}</text>'


def draw_part(part: Part, lines: dict[int, str]) -> Iterator[str]:
    """The box, and what is said beside each of its wires."""
    left = LEFT_BOX if part.is_left else RIGHT_BOX
    yield (
        f'<rect x="{left}" y="{part.top}" width="{BOX_WIDTH}" height="{part.height}" rx="6" '
        f'fill="#f4f1e8" stroke="#555555"/>'
    )
    yield f'<text x="{left + 10}" y="{part.top + 18}" font-weight="bold">{escape(part.name)}</text>'
    aside = f'x="{left + 10}"' if part.is_left else f'x="{left + BOX_WIDTH - 10}" text-anchor="end"'
    yield f'<text {aside} y="{part.top + 38}" font-size="10" fill="#666666">{escape(part.advice)}</text>'
    for number, pin in enumerate(part.pins):
        x, y = part.terminal(number)
        inward, anchor = (-8, "end") if part.is_left else (8, "start")
        yield f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour_of(pin, lines)}"/>'
        said = f"pin {pin}: {escape(name_of(pin, lines))}"
        yield f'<text x="{x + inward}" y="{y + 4}" text-anchor="{anchor}">{said}</text>'


if __name__ == "__main__":
    print("\n".join(draw()))
