"""Draws a small world in shades of grey, with nothing but bytes: a room, somebody walking, a clock. Pure."""

from __future__ import annotations

from functools import cache

# Shades of the usual video range: 16 is black, 235 white.
DARK, LIGHT = 16, 235

# Five by seven dots, a row a number of five bits.
_GLYPHS = {
    "0": (14, 17, 19, 21, 25, 17, 14), "1": (4, 12, 4, 4, 4, 4, 14), "2": (14, 17, 1, 2, 4, 8, 31),
    "3": (31, 2, 4, 2, 1, 17, 14), "4": (2, 6, 10, 18, 31, 2, 2), "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14), "7": (31, 1, 2, 4, 8, 8, 8), "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12), "-": (0, 0, 0, 14, 0, 0, 0), ":": (0, 4, 4, 0, 4, 4, 0),
    " ": (0, 0, 0, 0, 0, 0, 0), "U": (17, 17, 17, 17, 17, 17, 14), "T": (31, 4, 4, 4, 4, 4, 4),
    "C": (14, 17, 16, 16, 16, 17, 14),
}  # fmt: skip
GLYPH_WIDTH, GLYPH_HEIGHT = 6, 9  # with the space around them


class Canvas:
    """A grey picture of `height` rows, each `stride` bytes of which the first `width` are seen."""

    def __init__(self, width: int, height: int, *, stride: int = 0) -> None:
        self.width = width
        self.height = height
        self.stride = stride or width
        self.grey = bytearray(bytes((DARK,)) * (self.stride * height))

    def copy(self, other: Canvas) -> None:
        """Show what another canvas of the same measures shows."""
        self.grey[:] = other.grey

    def rectangle(self, left: int, top: int, width: int, height: int, shade: int) -> None:
        """Fill a rectangle, as far as it is inside."""
        begin, end = max(0, left), min(self.width, left + width)
        if begin >= end:
            return
        row = bytes((shade,)) * (end - begin)
        for y in range(max(0, top), min(self.height, top + height)):
            at = y * self.stride
            self.grey[at + begin : at + end] = row

    def text(self, left: int, top: int, words: str, *, scale: int) -> None:
        """Write words in light dots on a dark ground; they must fit."""
        for line in range(GLYPH_HEIGHT):
            row = b"".join(_glyph_row(character, line, scale) for character in words)[: self.width - left]
            for y in range(top + line * scale, top + (line + 1) * scale):
                at = y * self.stride + left
                self.grey[at : at + len(row)] = row

    def shrunk(self, step: int) -> bytes:
        """Return every `step`th pixel of every `step`th row."""
        rows = range(0, self.height // step * step * self.stride, step * self.stride)
        seen = self.width // step * step
        return b"".join(self.grey[at : at + seen : step] for at in rows)


def floor(canvas: Canvas) -> None:
    """Draw what stays: a wall that brightens downwards, and a floor of tiles."""
    horizon = canvas.height * 3 // 5
    for y in range(horizon):
        canvas.rectangle(0, y, canvas.width, 1, 90 + 60 * y // horizon)
    tile = max(2, canvas.width // 16)
    for y in range(horizon, canvas.height):
        shades = (100, 130) if (y - horizon) * 4 // tile % 2 else (130, 100)
        for number, left in enumerate(range(0, canvas.width, tile)):
            canvas.rectangle(left, y, tile, 1, shades[number % 2])


def walker(canvas: Canvas, way: float) -> None:
    """Draw somebody who has gone `way` (0 to 1) of the way from the left to the right."""
    tall = canvas.height // 2
    wide = tall // 4
    left = round(way * (canvas.width + wide)) - wide
    top = canvas.height - tall - canvas.height // 12
    canvas.rectangle(left + wide // 4, top, wide // 2, tall // 6, 210)
    canvas.rectangle(left, top + tall // 6, wide, tall // 2, 45)
    stride = round(wide / 3 * abs(way * 24 % 2 - 1))
    for leg in (left + stride, left + wide - wide // 4 - stride):
        canvas.rectangle(leg, top + tall * 2 // 3, wide // 4, tall - tall * 2 // 3, 30)


def clock(canvas: Canvas, words: str, fraction: float) -> None:
    """Write the time in the corner, and show with a dot how much of the second has passed."""
    scale = max(1, canvas.width // 320)
    canvas.text(2 * scale, 2 * scale, words, scale=scale)
    span = (len(words) * GLYPH_WIDTH - 2) * scale
    canvas.rectangle(2 * scale + round(fraction * span), (3 + GLYPH_HEIGHT) * scale, 2 * scale, 2 * scale, LIGHT)


@cache
def _glyph_row(character: str, line: int, scale: int) -> bytes:
    dots = _GLYPHS[character][line - 1] if 1 <= line <= 7 else 0
    shades = [LIGHT if dots >> (4 - column) & 1 else DARK for column in range(5)] + [DARK]
    return b"".join(bytes((shade,)) * scale for shade in shades)
