"""What stands on the page beside the cameras: disk, journal, clock, faults, processes, and the newest warnings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vigil.events import Health
from vigil.processes import panorama_words as words
from vigil.processes.panorama import SECOND_US, Panorama, Process
from vigil.processes.panorama_lines import EMPTY, Line, Piece, Tone, boxed, fit, joined, labelled, paragraph
from vigil.processes.panorama_words import UNKNOWN

_BAR = 20
_HOUR_S, _DAY_S = 3600, 86_400
_SOON_DAYS = 14
_NEARLY_FULL = 0.97

_CLOCKS = {
    "synced": ("synced", "the time can be trusted", Tone.GOOD),
    "unsynced": ("unsynced", "nobody has confirmed the time yet", Tone.WARN),
    "stepped": ("stepped", "the time jumped; days delete nothing until it is confirmed", Tone.WARN),
}

TimeOfDay = Callable[[int], str]
"""Says a wall clock's microseconds as the person's own time of day."""


def kept(panorama: Panorama, now_us: int) -> list[Line]:
    """Return four lines: disk, video and how long there is room for it, journal, clock."""
    health = panorama.health
    if health is None:
        return [labelled(label, (Piece(UNKNOWN),)) for label in ("disk", "video", "journal", "clock")]
    video = f"{_size(health.video_bytes)} in {words.counted(health.segments, 'segment')}"
    return [
        labelled("disk", _disk(health, panorama.bytes_a_second(now_us))),
        labelled("video", joined(((Piece(video),), forecast(panorama, now_us)), " · ")),
        labelled("journal", _journal(health)),
        labelled("clock", _clock(health)),
    ]


def kept_in_short(panorama: Panorama, now_us: int) -> list[Line]:
    """Return the same in two lines."""
    health = panorama.health
    if health is None:
        return kept(panorama, now_us)[:2]
    free = (Piece(f"{_size(health.free_bytes)} free"),)
    lasting = forecast(panorama, now_us)
    entries = (Piece(words.counted(health.entries, "entry", "entries")),)
    clock: Line = (Piece("clock ", Tone.DIM), _clock(health)[0])
    return [labelled("disk", joined((free, lasting))), labelled("journal", joined((entries, clock)))]


def forecast(panorama: Panorama, now_us: int) -> Line:
    """Return how long the free space lasts: what guard foresees, or else at the rate that was measured."""
    health, rate = panorama.health, panorama.bytes_a_second(now_us)
    if health and (foreseen := _FORESEEN.get(health.fate)):
        return foreseen(health)
    if health is None or health.total_bytes <= 0 or rate is None:
        return (Piece("measuring how long there is room", Tone.DIM),)
    if rate < 1:
        return (Piece("nothing is being written", Tone.DIM),)
    return (Piece(f"room for {words.about(health.free_bytes / rate)}"), Piece(" at this rate", Tone.DIM))


def _turns_over(health: Health) -> Line:
    if health.full_days * _DAY_S < _HOUR_S:
        return (Piece(f"keeps {words.about(health.kept_days * _DAY_S)}"), Piece(", the oldest go", Tone.DIM))
    when = f"full in {words.about(health.full_days * _DAY_S)}"
    return (Piece(when), Piece(f", keeps {health.kept_days:.0f} d", Tone.DIM))


def _fills_up(health: Health) -> Line:
    tone = Tone.WARN if health.full_days < _SOON_DAYS else Tone.PLAIN
    return (Piece(f"full in {words.about(health.full_days * _DAY_S)}", tone), Piece(", then stops", Tone.DIM))


def _stays(health: Health) -> Line:
    return (Piece(health.forecast, Tone.DIM),)


_FORESEEN: dict[str, Callable[[Health], Line]] = {"turns over": _turns_over, "fills up": _fills_up, "stays": _stays}


def _disk(health: Health, rate: float | None) -> Line:
    if health.total_bytes <= 0:
        return (Piece("its size is not known"),)
    used = 1 - health.free_bytes / health.total_bytes
    filled = min(_BAR, max(0, round(used * _BAR)))
    tone = Tone.WARN if used > _NEARLY_FULL else Tone.RATE
    bar: Line = (Piece("█" * filled, tone), Piece("░" * (_BAR - filled), Tone.DIM))
    free: Line = (Piece(f"{_size(health.free_bytes)} free"), Piece(f" of {_size(health.total_bytes)}", Tone.DIM))
    daily = (Piece(f"· {words.size(round(rate * _DAY_S))} a day", Tone.DIM),) if rate and rate >= 1 else EMPTY
    return joined((bar, joined((free, daily), " ")), "  ")


def _journal(health: Health) -> Line:
    if not health.log_id:
        return (Piece("not open", Tone.WARN),)
    checkpoint = f"checkpoint at {health.checkpoint:,}" if health.checkpoint > 0 else "no checkpoint yet"
    name = health.log_id.rstrip("/").rpartition("/")[2]
    return joined(
        (
            (Piece(words.counted(health.entries, "entry", "entries")),),
            (Piece(checkpoint),),
            (Piece(f"log {name[:8]}", Tone.DIM),),
        ),
        " · ",
    )


def _clock(health: Health) -> Line:
    word, meaning, tone = _CLOCKS.get(health.clock, (health.clock or UNKNOWN, "", Tone.PLAIN))
    return (Piece(word, tone), Piece(f"  {meaning}" if meaning else "", Tone.DIM))


def _size(count: int) -> str:
    return words.size(count) if count > 0 else "0 bytes"


def fault_box(found: Sequence[str], verdict: Line, width: int) -> list[Line]:
    """Return a box with every fault whole, and the verdict on the box."""
    lines = [line for one in found for line in paragraph(one, width - 4, Tone.BAD, first="× ", rest="  ")]
    title: Line = (Piece(words.counted(len(found), "fault"), Tone.BAD),)
    return boxed(title, verdict, lines, width, Tone.BAD)


def fault_lines(found: Sequence[str], width: int) -> list[Line]:
    """Return every fault whole, without a box."""
    return [line for one in found for line in paragraph(one, width, Tone.BAD, first="× ", rest="  ")]


def fault_heads(found: Sequence[str], width: int, height: int) -> list[Line]:
    """Return the beginning of each fault in `height` lines, and how many more there are."""
    shown = found if len(found) <= height else found[: height - 1]
    lines = [fit((Piece(f"× {one}", Tone.BAD),), width) for one in shown]
    if len(shown) < len(found):
        lines.append((Piece(f"× and {words.counted(len(found) - len(shown), 'more fault')}", Tone.BAD),))
    return lines[:height]


def no_fault(verdict: Line) -> Line:
    """Return what stands where nothing is wrong: that, and the verdict, for it may be that nothing is known."""
    return labelled("faults", joined(((Piece("none", Tone.GOOD),), (Piece("verdict ", Tone.DIM), *verdict)), " · "))


def processes(panorama: Panorama, now_us: int) -> list[Line]:
    """Return a line for each process."""
    width = max((len(one.name) for one in panorama.processes), default=0)
    return [_process(one, now_us, width) for one in panorama.processes] or [(Piece("none was started yet", Tone.DIM),)]


def processes_in_short(panorama: Panorama, width: int) -> list[Line]:
    """Return one line: those that are not well, or that all are."""
    all_of_them = panorama.processes
    if strange := [one for one in all_of_them if not one.running]:
        said = ", ".join(f"{one.name} {_state(one, None)[0]}" for one in strange)
        tone = Tone.BAD if any(one.restarting for one in strange) else Tone.PLAIN
        line = labelled("processes", (Piece(said, tone),))
    else:
        line = labelled(
            "processes", (Piece(f"all {len(all_of_them)} running", Tone.GOOD if all_of_them else Tone.DIM),)
        )
    return [fit(line, width)]


def _process(process: Process, now_us: int, width: int) -> Line:
    state, tone = _state(process, now_us)
    age = f"up {words.span((now_us - process.since_us) / SECOND_US)}" if process.running else ""
    restarts = words.counted(process.restarts, "restart") if process.restarts else ""
    return joined(
        (
            (Piece(process.name.ljust(width)),),
            (Piece(state, tone),),
            (Piece(f"pid {process.pid}", Tone.DIM),) if process.pid else EMPTY,
            (Piece(age, Tone.DIM),) if age else EMPTY,
            (Piece(restarts, Tone.WARN),) if restarts else EMPTY,
        ),
        "  ",
    )


def _state(process: Process, now_us: int | None) -> tuple[str, Tone]:
    if process.running:
        return "running", Tone.GOOD
    if process.done:
        return "ended", Tone.DIM
    if not process.last_exit:
        return "starting", Tone.WARN
    wait_s = 0.0 if now_us is None else (process.retry_us - now_us) / SECOND_US
    return ("starts again" if wait_s < 1 else f"starts again in {words.span(wait_s)}"), Tone.BAD


def remarks(panorama: Panorama, width: int, height: int, time_of_day: TimeOfDay) -> list[Line]:
    """Return the newest warnings of the log, one a line, the newest last."""
    newest = panorama.remarks[-height:] if height > 0 else ()
    return [fit((Piece(f"{time_of_day(one.at_us)}  ", Tone.DIM), Piece(one.words)), width) for one in newest]
