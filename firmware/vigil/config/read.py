"""The bytes of a file become a `Config`: editing refuses every mistake at once, booting goes on as well as it can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from vigil.config.build import build
from vigil.config.migrate import forward, newer, schema_of
from vigil.config.model import SCHEMA, Config
from vigil.config.syntax import Document, parse, parse_in_parts
from vigil.errors import ConfigError

NO_CAMERA = "no camera is configured, so nothing is recorded: add a [[camera]]"


class TakenFrom(Enum):
    """Where the configuration in force came from."""

    FILE = "the configuration file"
    OWN_COPY = "this version's own copy of the configuration file"
    LAST_APPLIED = "the configuration that was last applied well"
    PARTS = "the parts of the configuration file that can be read"
    DEFAULT = "the defaults"


@dataclass(frozen=True, slots=True)
class Salvage:
    """
    What a booting recorder goes on with.

    `faults` says in whole sentences what is wrong and what is used instead;
    `notes` what a file of an older schema asked for that is not carried over.
    """

    config: Config
    faults: tuple[str, ...] = ()
    taken_from: TakenFrom = TakenFrom.FILE
    notes: tuple[str, ...] = ()


def read_strict(data: bytes) -> Config:
    """Read a file that is being edited. Raises `ConfigError` with every mistake in it."""
    document = parse(data)
    problems: list[str] = []
    schema = _schema(document, problems)
    if schema > SCHEMA:
        raise ConfigError([newer(schema)])
    built = build(forward(document, schema).document, None)
    if problems or built.problems:
        raise ConfigError(problems + built.problems)
    return built.config


def read_lenient(data: bytes | None, last_good: bytes | None = None) -> Salvage:
    """
    Read a file that the box must live with; never raises, whatever the bytes are.

    `data` is None where there is no file. `last_good` is the configuration that
    was last applied well; it stands in for a file that no longer parses, and
    for each camera and setting that is wrong.
    """
    faults: list[str] = []
    good = _last_good(last_good, faults)
    if data is None:
        return _without_a_file(good, faults)
    try:
        document = parse(data)
    except ConfigError as error:
        if good:
            return _instead(good, [*faults, *error.problems])
        document, lost = parse_in_parts(data)
        faults += lost or error.problems
        return _salvaged(document, _schema(document, faults), None, faults, TakenFrom.PARTS)
    schema = _schema(document, faults)
    if schema > SCHEMA:
        faults.append(newer(schema))
        if good:
            return _instead(good, faults)
        schema = SCHEMA
    return _salvaged(document, schema, good, faults, TakenFrom.FILE)


def _schema(document: Document, problems: list[str]) -> int:
    """Return the file's schema; where it says none or nonsense, that is a problem and ours is assumed."""
    try:
        return schema_of(document)
    except ConfigError as error:
        problems += error.problems
        return SCHEMA


def _last_good(data: bytes | None, faults: list[str]) -> Config | None:
    if data is None:
        return None
    try:
        return read_strict(data)
    except ConfigError:
        faults.append("the configuration last applied well cannot be read, so it cannot stand in for anything")
        return None


def _without_a_file(good: Config | None, faults: Sequence[str]) -> Salvage:
    if good is None or good == Config():
        return Salvage(Config(), (*faults, NO_CAMERA), TakenFrom.DEFAULT)
    return _instead(good, [*faults, "the configuration file is gone"])


def _instead(good: Config, faults: Sequence[str]) -> Salvage:
    return Salvage(good, (*faults, f"used instead: {TakenFrom.LAST_APPLIED.value}"), TakenFrom.LAST_APPLIED)


def _salvaged(
    document: Document, schema: int, good: Config | None, faults: Sequence[str], taken_from: TakenFrom
) -> Salvage:
    forwarded = forward(document, min(schema, SCHEMA))
    built = build(forwarded.document, good)
    told = [*faults, *built.problems, *built.remedies]
    if not built.config.cameras:
        told.append("no camera can be used, so nothing is recorded" if told else NO_CAMERA)
    return Salvage(built.config, tuple(told), taken_from, tuple(forwarded.notes))
