"""A camera on the page: as a card, as two lines, or as one line of a table."""

from __future__ import annotations

from collections.abc import Mapping

from vigil.events import Status
from vigil.processes import panorama_words as words
from vigil.processes.panorama import SECOND_US, CameraSight, Panorama, is_watched, sees_motion
from vigil.processes.panorama_faults import PICTURE_IS_WELL
from vigil.processes.panorama_lines import EMPTY, Line, Piece, Tone, boxed, clip, fit, joined, labelled, width_of
from vigil.processes.panorama_words import UNKNOWN, Samples

STATES: dict[str, tuple[str, Tone]] = {
    "recording": ("●", Tone.GOOD),
    "watching": ("●", Tone.CALM),
    "starting": ("○", Tone.WARN),
    "opening": ("○", Tone.WARN),
    "paused": ("○", Tone.WARN),
    "unclaimed": ("○", Tone.WARN),
    "ended": ("○", Tone.DIM),
    "stopped": ("○", Tone.DIM),
    "lost": ("×", Tone.BAD),
    "disk fault": ("×", Tone.BAD),
    "down": ("×", Tone.BAD),
    "no word": ("×", Tone.BAD),
}
"""Each state's sign and tone; the page can be read without colours and without signs."""
_STRANGE = ("?", Tone.WARN)

_SOON_S = 3.0  # the promise is 2 s; a round of the recorder and one of the view come on top
_LATE_S = 12.0
# Widths in cells: a card's figures in front of its bars; a row without its name; a row's file.
_FIGURES, _ROW, _SEGMENT = 23, 52, 24
_CODECS = {"h264": "H.264", "hevc": "H.265", "h265": "H.265"}
_PLACES = ("address", "device", "file", "model", "camera")


class Shown:
    """One camera at one moment, said in pieces that the three forms put together."""

    def __init__(self, panorama: Panorama, camera: CameraSight, now_us: int) -> None:
        self.name = camera.name
        self._camera = camera
        self._now_us = now_us
        self.state = panorama.condition(camera, now_us)
        self._silent_s = panorama.silent_s(camera, now_us)
        self._status = camera.status or Status(camera=camera.name, state=self.state)
        self._stale = self.state != self._status.state
        self._since_us = (camera.heard_us or panorama.began_us) if self._stale else camera.since_us
        self.sign, self.tone = STATES.get(self.state, _STRANGE)
        self.source = _source(self._status.source, self._status.mode)

    @property
    def trouble(self) -> int:
        """Return how much attention the camera needs: 2 for a fault, 1 for what a person may want to change."""
        return {Tone.BAD: 2, Tone.WARN: 1}.get(self.tone, 0)

    def since(self) -> str:
        """Return for how long it has been so."""
        return words.span(self._silent_s or (self._now_us - self._since_us) / SECOND_US)

    def fps(self) -> str:
        """Return pictures a second."""
        return UNKNOWN if self._stale else words.frame_rate(self._status.fps)

    def rate(self) -> str:
        """Return bits a second."""
        return UNKNOWN if self._stale else words.bit_rate(self._status.bit_rate)

    def rate_bars(self, columns: int) -> Line:
        """Return the last minute's bit rate."""
        # A steady rate stands at four fifths: there is room to see it rise.
        return self._bars(self._camera.bit_rates, columns, Tone.RATE, headroom=1.25)

    def motion(self) -> Line:
        """Return whether something moves now."""
        if not self._stale and self._camera.status and not is_watched(self._status):
            return (Piece("not looked for", Tone.DIM),)
        if self._stale or not sees_motion(self._status):
            return (Piece(UNKNOWN),)
        if not self._status.motion:
            return (Piece("none"),)
        area = self._status.motion_area_pm
        return (Piece("now" if area < 0 else f"now, {area / 10:.1f} %", Tone.STIR),)

    @property
    def moving(self) -> bool:
        """Whether something moves, as far as we know."""
        return self._status.motion and not self._stale

    def motion_bars(self, columns: int) -> Line:
        """Return the last minute's motion."""
        return self._bars(self._camera.motions, columns, Tone.STIR, headroom=1.0)

    def safe(self) -> Piece:
        """Return how old the newest picture is that a power cut can no longer take."""
        if self._status.durable_age_s < 0:
            return Piece(UNKNOWN)
        age_s = self._status.durable_age_s + max(0, self._now_us - self._camera.heard_us) / SECOND_US
        # What began a second ago cannot be later than that, however old the last event is.
        late_s = min(age_s, (self._now_us - self._camera.since_us) / SECOND_US)
        if self._camera.state != "recording":
            tone = Tone.PLAIN
        else:
            tone = Tone.GOOD if late_s <= _SOON_S else Tone.WARN if late_s <= _LATE_S else Tone.BAD
        return Piece(words.ago(age_s), tone)

    def pre_roll(self) -> str:
        """Return how much from before now is held in memory."""
        if self.state == "recording" and self._status.mode == "continuous" and self._status.pre_roll_s == 0:
            return "not needed"  # everything is recorded: what came before lies on the disk already
        return UNKNOWN if self._stale else words.seconds(self._status.pre_roll_s)

    def segment(self) -> str:
        """Return the number and size of the file that is being written."""
        status = self._status
        return f"{status.segment} · {words.size(status.segment_bytes)}" if status.segment else UNKNOWN

    def picture(self) -> Piece:
        """Return whether the picture lives."""
        if self._stale:
            return Piece(UNKNOWN)
        check = self._status.picture_check
        if check in PICTURE_IS_WELL:
            return Piece(check or UNKNOWN, Tone.GOOD if check == "ok" else Tone.DIM)
        return Piece(check, Tone.BAD)

    def _bars(self, samples: Samples, columns: int, tone: Tone, *, headroom: float) -> Line:
        if not samples or columns < 8:
            return EMPTY
        top = max(value for _, value in samples) * headroom
        return (Piece(words.sparkline(samples, self._now_us // SECOND_US, columns, top=top), tone),)


def card(shown: Shown, width: int) -> list[Line]:
    """Return a box of six lines with everything about a camera."""
    room = width - 4 - 10 - _FIGURES
    scale = room >= 32
    bars = room - 6 * scale
    rate = fit((Piece(f"{shown.fps():<10} {shown.rate()}"),), _FIGURES)
    unit: Line = (Piece(" 1 min", Tone.DIM),) if scale else EMPTY
    lines = [
        labelled("rate", (*rate, *fit(shown.rate_bars(bars), bars), *unit)),
        labelled("motion", (*fit(shown.motion(), _FIGURES), *shown.motion_bars(bars))),
        labelled("safe", joined((fit((shown.safe(),), 11), *_facts(shown)), "  ")),
        labelled("picture", joined(((shown.picture(),), (Piece(shown.source),)), " · ")),
    ]
    state: Line = (
        Piece(f"{shown.sign} {shown.state}", shown.tone),
        Piece(f" for {shown.since()}", Tone.DIM),
    )
    edge = Tone.BAD if shown.tone is Tone.BAD else Tone.DIM
    return boxed((Piece(shown.name, Tone.STRONG),), state, lines, width, edge)


def pair(shown: Shown, width: int, name_width: int) -> list[Line]:
    """Return two lines with everything about a camera."""
    first = (*_row(shown, name_width), *shown.rate_bars(min(60, width - name_width - _ROW)))
    motion: Line = (Piece("motion ", Tone.DIM), *shown.motion())
    picture: Line = (Piece("picture ", Tone.DIM), shown.picture())
    second = joined((motion, *_facts(shown), picture, (Piece(shown.source, Tone.DIM),)), "  ")
    return [fit(first, width), fit((Piece("  "), *second), width)]


def row(shown: Shown, width: int, name_width: int) -> Line:
    """Return one line with what matters most about a camera; on a wide page the file and the bit rate's bars too."""
    line = _row(shown, name_width)
    line = (*line, *fit((Piece("motion", Tone.STIR),) if shown.moving else EMPTY, 8))
    room = width - width_of(line)
    if room >= _SEGMENT:
        line = (*line, *fit((Piece("segment ", Tone.DIM), Piece(shown.segment())), _SEGMENT))
        line = (*line, *shown.rate_bars(min(60, room - _SEGMENT)))
    return fit(line, width)


def _row(shown: Shown, name_width: int) -> Line:
    name = clip(shown.name, name_width)
    return (
        Piece(f"{shown.sign} ", shown.tone),
        *fit((Piece(name, Tone.STRONG),), name_width),
        Piece(f" {shown.state:<10}", shown.tone),
        Piece(f" {shown.fps():>8} {shown.rate():>11}  "),
        Piece("safe ", Tone.DIM),
        *fit((shown.safe(),), 11),
    )


def _facts(shown: Shown) -> tuple[Line, ...]:
    return (
        (Piece("pre-roll ", Tone.DIM), Piece(shown.pre_roll())),
        (Piece("segment ", Tone.DIM), Piece(shown.segment())),
    )


def _source(facts: Mapping[str, str], mode: str) -> str:
    """Return in one line what a camera says about itself: what matters most first, as the end may be clipped."""
    codec = facts.get("codec", "")
    picture = " ".join(
        part for part in (facts.get("resolution", "").replace("x", "×"), _CODECS.get(codec, codec)) if part
    )
    encoder = f"encoder: {facts['encoder'].removeprefix('none: ')}" if "encoder" in facts else ""
    place = next((facts[key] for key in _PLACES if key in facts), "")
    said = (picture, encoder, mode, place, f"sound: {facts['sound']}" if "sound" in facts else "")
    return " · ".join(filter(None, said)) or UNKNOWN
