"""What a rule does: actions as values, each with the words for it and the way it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from vigil.config.conditions import ANY, span_in_words
from vigil.config.kinds import Kind, nearest, one_of
from vigil.config.kinds_lists import is_id
from vigil.config.redact import as_key, shown
from vigil.errors import ConfigError

ArmMode = Literal["disarmed", "home", "away", "night"]
LampName = Literal["arm"]
LampPattern = Literal["steady", "slow", "fast", "flicker", "pairs"]

ACTIONS_AT_MOST = 16
_LONGEST_S = 3600


@dataclass(frozen=True, slots=True)
class Recording:
    """Let a camera (``*``: each) record for `for_s`; with 0 as after a motion that was over at once."""

    camera: str
    for_s: int = 0


@dataclass(frozen=True, slots=True)
class Trigger:
    """Ask for the alarm, and say why."""

    why: str
    delayed: bool = False
    always: bool = False


@dataclass(frozen=True, slots=True)
class Siren:
    """Let the siren sound for so long, at most."""

    for_s: int


@dataclass(frozen=True, slots=True)
class Lamp:
    """
    Let a lamp show a pattern for `for_s`.

    Only the arm lamp can be lent: that the green one breathes, and what the
    fault lamp counts, must always be the truth.
    """

    lamp: str
    pattern: str
    for_s: int = 30


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell people."""

    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Keep one picture of a camera (``*``: of each)."""

    camera: str


@dataclass(frozen=True, slots=True)
class Arming:
    """Ask for the box to be armed or disarmed."""

    mode: ArmMode


Action = Recording | Trigger | Siren | Lamp | Notify | Picture | Arming


@dataclass(frozen=True, slots=True)
class Do(Kind):
    """What a rule does, in order."""

    @property
    def accepts(self) -> str:
        return f'a list of 1 to {ACTIONS_AT_MOST} actions such as {{ notify = "The door is open." }}'

    def take(self, value: object) -> tuple[Action, ...]:
        if not isinstance(value, list) or not 1 <= len(value) <= ACTIONS_AT_MOST:
            raise self.refuse()
        reader = _Reader()
        found = [reader.action(one, f"[{number}]") for number, one in enumerate(value, 1)]
        if reader.problems:
            raise ConfigError(reader.problems)
        return tuple(found)


def action_as_document(action: Action) -> dict[str, Any]:
    """Return an action as it is written in TOML: one table."""
    match action:
        case Recording(camera, for_s):
            return {"record": camera, **({"for_s": for_s} if for_s else {})}
        case Trigger(why, delayed, always):
            return {"trigger": why, **({"delayed": True} if delayed else {}), **({"always": True} if always else {})}
        case Siren(for_s):
            return {"siren_s": for_s}
        case Lamp(lamp, pattern, for_s):
            return {"lamp": lamp, "pattern": pattern, "for_s": for_s}
        case Notify(words):
            return {"notify": words}
        case Picture(camera):
            return {"snapshot": camera}
        case Arming(mode):
            return {"arm": mode}


def action_in_words(action: Action) -> str:
    """Say an action as one may say it aloud: ``camera yard records for 2 min``."""
    match action:
        case Recording(camera, for_s):
            return f"{_camera(camera)} records" + (f" for {span_in_words(for_s)}" if for_s else "")
        case Trigger(why):
            return f"the alarm is asked for: {why}"
        case Siren(for_s):
            return f"the siren sounds for {span_in_words(for_s)}"
        case Lamp(lamp, pattern, for_s):
            return f"lamp {lamp} shows {pattern} for {span_in_words(for_s)}"
        case Notify(words):
            return f"people are told “{words}”"
        case Picture(camera):
            return f"the moment before {_camera(camera)} is kept"
        case Arming(mode):
            return "the box is disarmed" if mode == "disarmed" else f"the box is armed ({mode})"


def _camera(camera: str) -> str:
    return "each camera" if camera == ANY else f"camera {camera}"


_MORE: dict[str, tuple[str, ...]] = {
    "record": ("for_s",),
    "trigger": ("delayed", "always"),
    "siren_s": (),
    "lamp": ("pattern", "for_s"),
    "notify": (),
    "snapshot": (),
    "arm": (),
}


@dataclass(slots=True)
class _Reader:
    """Reads the actions of one rule. Each problem begins with its place: ``[2].record = …``."""

    problems: list[str] = field(default_factory=list)

    def action(self, value: object, where: str) -> Action:
        nothing = Notify("")
        heads = [key for key in value if key in _MORE] if isinstance(value, dict) else []
        if not isinstance(value, dict) or len(heads) != 1:
            self.problems.append(f"{where} = {shown(value)}: give one of {one_of(list(_MORE))} in each table")
            return nothing
        head = heads[0]
        known = [head, *_MORE[head]]
        for key in value:
            if key not in known:
                near = nearest(key, known)
                said = f"{where}.{as_key(key)}: not a setting" + (f" (did you mean {near}?)" if near else "")
                self.problems.append(said)
        return self._headed(head, value, where)

    def _headed(self, head: str, table: dict[str, Any], where: str) -> Action:
        value, at = table[head], f"{where}.{head}"
        match head:
            case "record":
                return Recording(self._camera(value, at), self._seconds(table, where, 0))
            case "trigger":
                flags = [self._flag(table.get(key, False), f"{where}.{key}") for key in ("delayed", "always")]
                return Trigger(self._text(value, at), *flags)
            case "siren_s":
                return Siren(self._seconds(table, where, 1, key="siren_s"))
            case "lamp":
                pattern = self._word(table.get("pattern"), f"{where}.pattern", get_args(LampPattern))
                lamp = self._word(value, at, get_args(LampName))
                return Lamp(lamp, pattern, self._seconds(table, where, 30))
            case "notify":
                return Notify(self._text(value, at))
            case "snapshot":
                return Picture(self._camera(value, at))
            case _:
                return Arming(self._word(value, at, get_args(ArmMode)))  # type: ignore[arg-type]

    def _camera(self, value: object, at: str) -> str:
        if value == ANY or is_id(value):
            return str(value)
        self.problems.append(f"{at} = {shown(value)}: give the id of a camera, or {shown(ANY)} for each")
        return ANY

    def _seconds(self, table: dict[str, Any], where: str, default: int, *, key: str = "for_s") -> int:
        value = table.get(key, default)
        if value is default or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LONGEST_S):
            return int(value)
        self.problems.append(f"{where}.{key} = {shown(value)}: give a whole number, 1 to {_LONGEST_S}")
        return default

    def _flag(self, value: object, at: str) -> bool:
        if not isinstance(value, bool):
            self.problems.append(f"{at} = {shown(value)}: give true or false")
        return value is True

    def _text(self, value: object, at: str) -> str:
        if isinstance(value, str) and 1 <= len(value) <= 200 and value.isprintable():
            return value
        self.problems.append(f"{at} = {shown(value)}: give text of 1 to 200 characters")
        return ""

    def _word(self, value: object, at: str, words: tuple[str, ...]) -> str:
        if isinstance(value, str) and value in words:
            return value
        near = nearest(value, words) if isinstance(value, str) else ""
        given = ": missing;" if value is None else f" = {shown(value)}:"
        self.problems.append(f"{at}{given} give {one_of(words)}" + (f" (did you mean {near}?)" if near else ""))
        return words[0]
