"""How a box is, in lines for a person and as values for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from vigil.config.redact import without_secrets
from vigil.events import Health, Status
from vigil.guard.faults import Level
from vigil.guard.verdict import level_of as level_of_camera
from vigil.processes import panorama_words as words
from vigil.processes.panorama_lines import clean
from vigil.processes.status import Told
from vigil.processes.status_files import Files, LastWord

_SECOND_US = 1_000_000
_SIGNS = {Level.FAILED: "×", Level.UNKNOWN: "?", Level.WARNING: "!", Level.NOTICE: "·"}
EXIT_CODES = {Level.OK: 0, Level.NOTICE: 0, Level.WARNING: 1, Level.FAILED: 2, Level.UNKNOWN: 3}

Readings = list[Mapping[str, Any]]


def level_of(health: Health) -> Level:
    """Return the verdict's level; one that this version does not know is no good news."""
    return Level(health.level) if health.level in list(Level) else Level.UNKNOWN


def lines(told: Told, now_us: int) -> list[str]:
    """Return the lines about a box whose guard answers. `now_us` is the steady clock."""
    health = told.health
    assert health
    level, readings = level_of(health), wrong(health)
    said = [f"{level} for {_for(health.since_us, now_us)}{_counted(readings)}"]
    for one in readings:
        said += _reading(one, now_us)
    said += ["", f"alarm: {health.arm_words}"] if health.arm_words else []
    cameras = [_camera(status, health) for _, status in sorted(told.cameras.items())]
    said += ["", *cameras] if cameras else []
    said += ["", _kept(health)]
    said += [f"disk: {health.forecast}"] if health.forecast else []
    said += [
        f"{one.get('what')}: {one['why']}" for one in health.probes if one.get("level") == Level.OK and one.get("why")
    ]
    return _plain(said)


def wrong(health: Health) -> Readings:
    """Return the readings that are not well, the worst first."""
    return [one for one in health.probes if one.get("level") != Level.OK]


def lines_from_files(found: Files) -> list[str]:
    """Return the lines about a box whose guard does not answer."""
    said = [
        "unknown: guard does not answer, so nobody judges, enters or deletes; this is what the files say",
        "? process guard: it does not run, or hangs",
        "    Recorders go on without it. Look at its log, start it again, or restart the box.",
        *(f"! {trouble}" for trouble in found.troubles),
        "", *(_last_word(one) for one in found.cameras),
    ]  # fmt: skip
    if found.stood:
        said += ["", "when guard was last heard, this was wrong:"]
        said += [f"{_SIGNS[one.level]} {one.what}: {one.words}" for one in found.stood]
    if found.total_bytes > 0:
        said += ["", f"kept: {words.size(found.free_bytes)} free of {words.size(found.total_bytes)}"]
    return _plain(said)


def as_json(told: Told, now_us: int) -> dict[str, Any]:
    """Return everything for programs; spans are seconds until now."""
    health = told.health
    assert health
    kept = {name: value for name, value in asdict(health).items() if name not in ("probes", "faults", "since_us")}
    return {
        "source": "guard", **kept, "level": str(level_of(health)), "for_s": _seconds(health.since_us, now_us),
        "probes": [
            {**{name: value for name, value in one.items() if name != "since_us"},
             "for_s": _seconds(int(one.get("since_us", now_us)), now_us)}
            for one in health.probes
        ],
        "cameras": [
            {**{name: value for name, value in asdict(status).items() if name != "since_us"},
             "for_s": _seconds(status.since_us, now_us), "fault": without_secrets(status.fault),
             "level": str(level_of_camera(status.camera, health.probes))}
            for _, status in sorted(told.cameras.items())
        ],
    }  # fmt: skip


def files_as_json(found: Files) -> dict[str, Any]:
    """Return what the files say, for programs."""
    return {
        "source": "files", "level": str(Level.UNKNOWN), "troubles": list(found.troubles),
        "cameras": [asdict(one) for one in found.cameras],
        "stood": [
            {"id": one.kind.id, "subject": one.subject, "level": str(one.level), "why": one.words}
            for one in found.stood
        ],
        "free_bytes": found.free_bytes, "total_bytes": found.total_bytes,
    }  # fmt: skip


def _reading(one: Mapping[str, Any], now_us: int) -> Iterator[str]:
    level = Level(one["level"]) if one.get("level") in list(Level) else Level.UNKNOWN
    again = f", came back {words.counted(one['flaps'], 'time')}" if one.get("flaps") else ""
    away = ", away just now" if one.get("state") == "settling" else ""
    since = _for(int(one.get("since_us", now_us)), now_us)
    yield f"{_SIGNS.get(level, '?')} {one.get('what')}: {one.get('why')}  [{one.get('id')}, {since}{again}{away}]"
    if one.get("do"):
        yield f"    {one['do']}"


def _counted(readings: Readings) -> str:
    counts = {level: sum(one.get("level") == level for one in readings) for level in _SIGNS}
    said = ", ".join(_number(level, count) for level, count in counts.items() if count)
    return f": {said}" if said else ""


def _number(level: Level, count: int) -> str:
    return words.counted(count, str(level)) if level in (Level.WARNING, Level.NOTICE) else f"{count} {level}"


def _camera(status: Status, health: Health) -> str:
    level = level_of_camera(status.camera, health.probes)
    facts = [status.state if level is Level.OK else f"{level}: {status.state}"]
    if status.state in ("recording", "watching"):
        facts += [words.frame_rate(status.fps), words.bit_rate(status.bit_rate)]
    if status.durable_age_s >= 0:
        facts.append(f"safe {words.ago(status.durable_age_s)}")
    return f"camera {status.camera}: {', '.join(facts)}"


def _last_word(one: LastWord) -> str:
    if one.ago_s is None:
        return f"camera {one.camera}: nothing was ever recorded"
    return f"camera {one.camera}: its recorder last wrote {words.ago(one.ago_s)}, in segment {one.segment}"


def _kept(health: Health) -> str:
    room = f"{words.size(health.free_bytes)} free of {words.size(health.total_bytes)}" if health.total_bytes > 0 else ""
    journal = words.counted(health.entries, "entry", "entries") if health.log_id else "no journal"
    parts = [room, words.counted(health.segments, "segment"), journal, f"clock {health.clock}"]
    return f"kept: {', '.join(filter(None, parts))}"


def _for(since_us: int, now_us: int) -> str:
    return words.span(_seconds(since_us, now_us))


def _seconds(since_us: int, now_us: int) -> float:
    return round(max(0, now_us - since_us) / _SECOND_US, 1)


def _plain(said: list[str]) -> list[str]:
    """Return the lines as they may be shown, each as far in as it stood."""
    return [" " * (len(line) - len(line.lstrip(" "))) + clean(without_secrets(line)) for line in said]
