"""A `Config` becomes a file: as short as it can be, with explanations, or with secrets hidden for people to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

from vigil.config.actions import Action, action_as_document
from vigil.config.conditions import Written
from vigil.config.conditions_read import written_when
from vigil.config.kinds import grouped
from vigil.config.model import LISTS, SCHEMA, TABLES, Camera, Config, Motion, attribute_of
from vigil.config.redact import HIDDEN, quoted, without_secrets
from vigil.config.setting import Mark, Setting, settings_of
from vigil.config.syntax import Document

Line = Callable[[Setting, Any, str], Iterator[str]]
"""Gives the lines for one setting, its value, and the source of the camera that it belongs to (or nothing)."""


def written(config: Config, *, head: str = "") -> bytes:
    """Return a file that reads back as `config`; settings at their defaults are left out. `head` is put in comments."""
    comments = [f"# {line}" for line in head.splitlines()]
    return _file(config, _if_set, comments)


def explained(config: Config) -> bytes:
    """Return a file that reads back as `config`, with every setting, its meaning, range and default."""
    comments = [
        "# The configuration of a Vigil recorder: every setting, what it means, what it accepts and its default.",
        "# Settings that are only for other kinds of camera begin with “#:”. A shorter file does as well.",
    ]
    return _file(config, _explained, comments)


def displayed(config: Config) -> str:
    """Return every setting in force for people to read: defaults are marked, secrets hidden."""
    return _file(config, _displayed, []).decode()


def redacted(config: Config) -> Document:
    """Return every setting in force as a document, as JSON can hold it, with secrets hidden."""
    document: Document = {"schema": SCHEMA}
    for name, table in TABLES.items():
        document[name] = _values(settings_of(table), getattr(config, name), "")
    document["camera"] = [
        {
            **_values(settings_of(Camera), camera, camera.source),
            "motion": _values(settings_of(Motion), camera.motion, ""),
        }
        for camera in config.cameras
    ]
    for name, table in LISTS.items():
        outer, _, key = name.rpartition(".")
        place = document[outer] if outer else document
        place[key] = [_values(settings_of(table), one, "") for one in getattr(config, attribute_of(name))]
    return document


def defaulted(config: Config) -> list[str]:
    """Return the names of the settings in force that are at their defaults: ``camera.front.fps``."""
    tables = [(name, getattr(config, name), "") for name in TABLES]
    for camera in config.cameras:
        tables += [(f"camera.{camera.id}", camera, camera.source), (f"camera.{camera.id}.motion", camera.motion, "")]
    for name in LISTS:
        tables += [(f"{name}.{one.id}", one, "") for one in getattr(config, attribute_of(name))]
    return [
        f"{name}.{setting.key}"
        for name, table, source in tables
        for setting in settings_of(type(table)).values()
        if getattr(table, setting.key) == setting.default and (not source or setting.fits(source))
    ]


def toml_value(value: object) -> str:
    """Return a value of the model as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return grouped(value)
    if isinstance(value, str):
        return quoted(value)
    value = plain(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(part)}" for key, part in value.items()) + " }"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(toml_value(part) for part in value) + "]"
    return repr(value)


def plain(value: object) -> object:
    """Return a value of the model as TOML and JSON can hold it: conditions and actions become tables."""
    if isinstance(value, Written):
        return written_when(value)  # type: ignore[arg-type]
    if isinstance(value, get_args(Action)):
        return action_as_document(value)
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value


def _values(settings: dict[str, Setting], table: object, source: str) -> Document:
    return {
        key: _hidden(value) if Mark.SECRET in setting.marks else plain(value)
        for key, setting in settings.items()
        if not source or setting.fits(source)
        for value in [getattr(table, key)]
    }


def _file(config: Config, line: Line, comments: list[str]) -> bytes:
    lines = [*comments, f"schema = {SCHEMA}"]
    for name, model in TABLES.items():
        lines += _table(f"[{name}]", model, getattr(config, name), "", line)
    for camera in config.cameras:
        lines += _table("[[camera]]", Camera, camera, camera.source, line)
        lines += _table("[camera.motion]", Motion, camera.motion, "", line)
    for name, model in LISTS.items():
        for one in getattr(config, attribute_of(name)):
            lines += _table(f"[[{name}]]", model, one, "", line)
    return ("\n".join(lines) + "\n").encode()


def _table(header: str, model: type[Any], table: object, source: str, line: Line) -> list[str]:
    lines = [
        text for setting in settings_of(model).values() for text in line(setting, getattr(table, setting.key), source)
    ]
    return ["", header, *lines] if lines else []


def _if_set(setting: Setting, value: Any, source: str) -> Iterator[str]:
    if value != setting.default and (not source or setting.fits(source)):
        yield f"{setting.key} = {toml_value(value)}"


def _hidden(value: str) -> str:
    """Of an address hide the password; of everything else that may be secret, all."""
    return without_secrets(value) if "://" in value or not value else HIDDEN


def _displayed(setting: Setting, value: Any, source: str) -> Iterator[str]:
    if source and not setting.fits(source):
        return
    text = toml_value(_hidden(value) if Mark.SECRET in setting.marks else value)
    yield f"{setting.key} = {text}" + ("  # default" if value == setting.default and not setting.required else "")


def _explained(setting: Setting, value: Any, source: str) -> Iterator[str]:
    fits = not source or setting.fits(source)
    # A setting that is not given is better than one that must not be empty.
    given = fits and (value != "" or setting.default != "")
    only = f" Only for {', '.join(setting.only.sources)} cameras." if setting.only else ""
    yield f"# {setting.meaning}{only}"
    yield f"# {_range(setting)}"
    yield f"{'' if given else '#: '}{setting.key} = {toml_value(value)}"


def _range(setting: Setting) -> str:
    default = "required" if setting.required else f"default {toml_value(setting.default)}"
    return f"Accepts {setting.kind.accepts}; {default}."
