"""What the page takes from guard's verdict: how the box is in one word, and the faults that it has not seen itself."""

from __future__ import annotations

from collections.abc import Iterator

from vigil.guard.faults import Level
from vigil.processes import panorama_words as words
from vigil.processes.panorama import RECORDER, SECOND_US, Panorama
from vigil.processes.panorama_lines import Line, Piece, Tone

_TONES = {
    Level.OK: Tone.GOOD,
    Level.NOTICE: Tone.GOOD,
    Level.WARNING: Tone.WARN,
    Level.UNKNOWN: Tone.WARN,
    Level.FAILED: Tone.BAD,
}

_SEEN_HERE = ("lost", "disk", "late", "frozen", "black", "unclaimed", "unknown")
"""What is wrong with a camera by its own word; the page has that at first hand."""


def verdict(panorama: Panorama, now_us: int) -> Line:
    """Return how the box is and since when; unknown while guard, who judges, is silent."""
    health = panorama.health
    if health is None or panorama.guard_silent_s(now_us) or health.level not in list(Level):
        return (Piece(Level.UNKNOWN, _TONES[Level.UNKNOWN]),)
    level = Level(health.level)
    since = f" for {words.span((now_us - health.since_us) / SECOND_US)}" if health.since_us > 0 else ""
    return (Piece(level, _TONES[level]), Piece(since, Tone.DIM))


def told_by_guard(panorama: Panorama) -> Iterator[tuple[str, str]]:
    """Yield what stays the same while a fault stands, and its sentence, for each that the page has not seen itself."""
    health = panorama.health
    if health is None:
        return
    if not health.probes:
        # Guard is of a version that sends its faults as sentences only.
        ours = tuple(f"{what} {one.name}: " for one in panorama.cameras for what in ("camera", "picture of"))
        yield from ((one, one) for one in health.faults if not one.startswith(ours))
        return
    cameras = {f"camera.{word} {one.name}" for one in panorama.cameras for word in _SEEN_HERE}
    recorders = {f"process.away {RECORDER}{one.name}" for one in panorama.cameras}
    for one in health.probes:
        key = f"{one.get('id')} {one.get('subject')}"
        level = Level(str(one["level"])) if one.get("level") in list(Level) else Level.UNKNOWN
        if one.get("state") and level.is_fault and key not in cameras | recorders:
            away = " (away just now)" if one["state"] == "settling" else ""
            yield key, f"{one.get('what')}: {one.get('why')}{away}"
