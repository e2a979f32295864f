"""The page of `vigil run`: what goes where on a terminal of a given size, and what gives way when it is small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vigil.processes import panorama_below as below
from vigil.processes import panorama_words as words
from vigil.processes.panorama import SECOND_US, Panorama
from vigil.processes.panorama_cameras import STATES, Shown, card, pair, row
from vigil.processes.panorama_faults import faults
from vigil.processes.panorama_lines import (
    EMPTY,
    Line,
    Piece,
    Tone,
    beside,
    boxed,
    ends,
    fit,
    joined,
    paragraph,
    width_of,
)
from vigil.processes.panorama_panel import panel_line
from vigil.processes.panorama_verdict import verdict

_CARD = 66  # cells below which a card's facts would be clipped
_WIDE = 120
_WIDEST = 200
_NAME = 16
_REMARKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What stands on the page from the beginning: whose recorder this is, and what its owner should know."""

    version: str
    data: str
    notes: tuple[str, ...] = ()
    footer: str = "Ctrl-C seals and stops"
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How much of everything is shown; each step of `_LESS` takes one thing away, the least missed first."""

    air: bool = True
    remarks: bool = True
    processes: str = "box"
    kept: str = "box"
    faults: str = "box"
    cameras: str = "cards"
    notes: bool = True
    panel: bool = True


_LESS: tuple[dict[str, Any], ...] = (
    {"air": False},
    {"remarks": False},
    {"processes": "short"},
    {"kept": "bare"},
    {"faults": "bare"},
    {"cameras": "pairs"},
    {"kept": "short"},
    {"cameras": "rows"},
    {"faults": "heads"},
    {"notes": False},
    {"processes": "none"},
    {"panel": False},
    {"kept": "none"},
    {"cameras": "worst"},
)


class Page:
    """One moment of the panorama on `width` times `height` cells."""

    def __init__(
        self,
        panorama: Panorama,
        now_us: int,
        caption: Caption,
        *,
        width: int,
        height: int,
        time_of_day: below.TimeOfDay,
    ) -> None:
        self._panorama = panorama
        self._now_us = now_us
        self._caption = caption
        self._width = min(max(width, 20), _WIDEST)
        self._height = max(height, 4)
        self._time_of_day = time_of_day
        self._made: dict[tuple[str, object], list[Line]] = {}
        self._faults = [fault.words for fault in faults(panorama, now_us)]
        self._verdict = verdict(panorama, now_us)
        self._shown = [Shown(panorama, camera, now_us) for camera in panorama.cameras]

    def lines(self) -> list[Line]:
        """Return exactly the page's lines, each exactly as wide as the page."""
        body = self._body(self._form())[: self._height - 1]
        body += [EMPTY] * (self._height - 1 - len(body))
        return [fit(line, self._width) for line in (*body, self._footer())]

    def _form(self) -> Form:
        """Return the richest form that fits: take away until it does, then give back what there is room for."""
        form = Form()
        taken: list[Form] = []
        for less in _LESS:
            # A card that is too narrow would clip its facts; rows were made for that.
            if self._fits(form) and (form.cameras != "cards" or self._width >= _CARD):
                break
            taken.append(form)
            form = replace(form, **less)
        for before, less in zip(reversed(taken), reversed(_LESS[: len(taken)]), strict=True):
            richer = replace(form, **{name: getattr(before, name) for name in less})
            if self._fits(richer) and (richer.cameras != "cards" or self._width >= _CARD):
                form = richer
        return form

    def _fits(self, form: Form) -> bool:
        return len(self._body(form)) <= self._height - 1

    def _body(self, form: Form) -> list[Line]:
        """Return all but the footer. Every block is made once in each form: making them is what costs."""
        blocks = [
            self._block("head", form.notes, lambda: self._head(form)),
            self._block("panel", form.panel, lambda: self._panel(form)),
            self._block("cameras", form.cameras, lambda: self._cameras(form)),
            self._block("faults", form.faults, lambda: self._fault(form)),
            self._block("below", (form.kept, form.processes), lambda: self._below(form)),
            self._block("remarks", form.remarks, lambda: self._remarks(form)),
        ]
        lines: list[Line] = []
        for block in blocks:
            if form.air and lines and block:
                lines.append(EMPTY)
            lines += block
        return lines

    def _block(self, name: str, form: object, make: Callable[[], list[Line]]) -> list[Line]:
        if (name, form) not in self._made:
            self._made[name, form] = make()
        return self._made[name, form]

    def _head(self, form: Form) -> list[Line]:
        left: Line = (
            Piece(f"Vigil {self._caption.version}", Tone.TITLE),
            Piece(f"   {self._caption.data}", Tone.DIM),
        )
        running = (Piece(words.stopwatch((self._now_us - self._panorama.began_us) / SECOND_US), Tone.STRONG),)
        lines = [ends(left, joined((self._summary(), running)), self._width)]
        if form.notes:
            lines += [line for note in self._caption.notes for line in paragraph(note, self._width, Tone.NOTE)]
        return lines

    def _panel(self, form: Form) -> list[Line]:
        line = panel_line(self._panorama.lamps, self._panorama.health, self._width) if form.panel else EMPTY
        return [line] if line else []

    def _summary(self) -> Line:
        """How many cameras are in which state: the first thing one wants to know."""
        counts = Counter((one.sign, one.state, one.tone) for one in self._shown)
        order = list(STATES)
        found = sorted(counts, key=lambda key: order.index(key[1]) if key[1] in order else len(order))
        return joined(
            ((Piece(f"{sign} {counts[sign, state, tone]} {state}", tone),) for sign, state, tone in found), "  "
        )

    def _cameras(self, form: Form) -> list[Line]:
        if not self._shown:
            return [(Piece("no camera is recorded: give vigil.toml a [[camera]]", Tone.WARN),)]
        name_width = min(_NAME, max(len(one.name) for one in self._shown))
        if form.cameras == "cards":
            return self._cards()
        if form.cameras == "pairs":
            return [line for one in self._shown for line in pair(one, self._width, name_width)]
        if form.cameras == "rows":
            return [row(one, self._width, name_width) for one in self._shown]
        return self._worst(name_width, self._height - 1 - len(self._head(form)) - len(self._fault(form)))

    def _cards(self) -> list[Line]:
        across = max(1, min(len(self._shown), (self._width + 1) // (_CARD + 1)))
        lines: list[Line] = []
        for start in range(0, len(self._shown), across):
            lines += self._side_by_side(self._shown[start : start + across], across)
        return lines

    def _side_by_side(self, some: Sequence[Shown], across: int) -> list[Line]:
        widths = [(self._width - across + 1 + n) // across for n in range(across)]
        block = card(some[0], widths[0])
        done = widths[0]
        for one, width in zip(some[1:], widths[1:], strict=False):
            block = beside(block, card(one, width), done, 1)
            done += 1 + width
        return block

    def _worst(self, name_width: int, height: int) -> list[Line]:
        """So many cameras as fit, those that need attention first, and what the others do."""
        order = sorted(self._shown, key=lambda one: -one.trouble)
        count = len(order) if len(order) <= height else max(0, height - 1)
        lines = [row(one, self._width, name_width) for one in order[:count]]
        if rest := order[count:]:
            states = Counter(one.state for one in rest)
            said = ", ".join(f"{number} {state}" for state, number in states.items())
            lines.append((Piece(f"and {words.counted(len(rest), 'more camera')}: {said}", Tone.DIM),))
        return lines

    def _fault(self, form: Form) -> list[Line]:
        if not self._faults:
            return []
        if form.faults == "box":
            return below.fault_box(self._faults, self._verdict, self._width)
        if form.faults == "bare":
            return below.fault_lines(self._faults, self._width)
        return below.fault_heads(self._faults, self._width, max(1, (self._height - 2) // 3))

    def _below(self, form: Form) -> list[Line]:
        left, right = self._kept(form), self._processes(form)
        if form.kept == form.processes == "box" and self._width >= _WIDE:
            return self._two_boxes(left, right)
        if form.kept == "box":
            left = boxed((Piece("kept", Tone.STRONG),), EMPTY, left, self._width)
        if form.processes == "box":
            right = boxed((Piece("processes", Tone.STRONG),), EMPTY, right, self._width)
        return [*left, *right]

    def _two_boxes(self, left: list[Line], right: list[Line]) -> list[Line]:
        height = max(len(left), len(right))
        left_width = (self._width - 1) * 11 // 20
        titles = ("kept", left, left_width), ("processes", right, self._width - 1 - left_width)
        one, two = (
            boxed((Piece(title, Tone.STRONG),), EMPTY, [*lines, *[EMPTY] * (height - len(lines))], width)
            for title, lines, width in titles
        )
        return beside(one, two, left_width, 1)

    def _kept(self, form: Form) -> list[Line]:
        if form.kept == "none":
            return []
        lines = (below.kept_in_short if form.kept == "short" else below.kept)(self._panorama, self._now_us)
        return lines if self._faults or form.kept == "short" else [*lines, below.no_fault(self._verdict)]

    def _processes(self, form: Form) -> list[Line]:
        if form.processes == "none":
            return []
        if form.processes == "short":
            return below.processes_in_short(self._panorama, self._width)
        return below.processes(self._panorama, self._now_us)

    def _remarks(self, form: Form) -> list[Line]:
        if not form.remarks or not self._panorama.remarks:
            return []
        lines = below.remarks(self._panorama, self._width - 4, _REMARKS, self._time_of_day)
        return boxed((Piece("warnings lately", Tone.STRONG),), EMPTY, lines, self._width)

    def _footer(self) -> Line:
        left: Line = (Piece(self._caption.footer, Tone.STRONG),)
        right: Line = (Piece(f"log: {self._caption.log}", Tone.DIM),) if self._caption.log else EMPTY
        # How to stop matters more than where the log is.
        return ends(left, right, self._width) if width_of(left) + width_of(right) < self._width else left
