"""
Draws docs/pictures/flash.svg: from the card to a box that records, in four steps.

    python docs/pictures/draw_flash.py > docs/pictures/flash.svg
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

WIDTH, HEIGHT = 940, 300
STEP_WIDTH, GAP, TOP = 205, 30, 60
INK, PAPER, LINE, BLUE, GREEN = "#222222", "#ffffff", "#888888", "#1f6fb2", "#2e8b57"

STEPS = (
    ("1", "Write the card", ("Raspberry Pi Imager", "“Use custom”, or our list", "vigil-….img.xz")),
    ("2", "Say whose it is", ("the small partition VIGIL", "vigil.toml: your age1… key,", "cameras, network")),
    ("3", "Plug in", ("card, camera, network,", "power last; the first start", "makes room on the card")),
    ("4", "It records", ("sealed for your key alone;", "passwords are gone", "from the card")),
)


def drawing() -> Iterator[str]:
    """The lines of the picture."""
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
    yield "<title>From the card to a box that records</title>"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>'
    for number, (name, title, lines) in enumerate(STEPS):
        left = GAP + number * (STEP_WIDTH + 20)
        colour = GREEN if number == len(STEPS) - 1 else BLUE
        yield f'<rect x="{left}" y="{TOP}" width="{STEP_WIDTH}" height="190" rx="10" fill="none" stroke="{LINE}"/>'
        yield f'<circle cx="{left + 26}" cy="{TOP}" r="18" fill="{colour}"/>'
        yield from text(left + 26, TOP + 6, name, size=18, fill=PAPER, anchor="middle")
        yield from text(left + 20, TOP + 50, title, size=18, fill=colour)
        for row, line in enumerate(lines):
            yield from text(left + 20, TOP + 90 + 26 * row, line, size=14, fill=INK)
        if number:
            yield f'<path d="M{left - 18} {TOP + 95} h12 l-5 -5 m5 5 l-5 5" fill="none" stroke="{INK}"/>'
    yield "</svg>"


def text(x: int, y: int, words: str, *, size: int, fill: str, anchor: str = "start") -> Iterator[str]:
    """Words at a place."""
    yield f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}" text-anchor="{anchor}">{escape(words)}</text>'


if __name__ == "__main__":
    print("\n".join(drawing()))
