"""Whole configurations to try: drawn from what the model accepts, and files that somebody spoilt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from hypothesis import strategies as st

from fakes.rules import actions, likely_conditions
from vigil.bech32 import encode
from vigil.config.checks import LINES
from vigil.config.kinds import Address, Choice, Flag, Number, Polygons, Recipients, Text, Whole
from vigil.config.kinds_lists import Ids, Words
from vigil.config.model import LISTS, TABLES, Camera, Config, Motion, SourceName
from vigil.config.model_presence import Member
from vigil.config.model_rule import Rule
from vigil.config.model_sensor import Sensor
from vigil.config.rule_checks import HEADER_BUS as BUS
from vigil.config.setting import Setting, settings_of

# Public keys whose other half nobody has; any 32 bytes are one.
KEYS = [encode("age", bytes([number]) * 32) for number in range(2, 8)]

_PRINTABLE = st.characters(exclude_categories=["C", "Z"], codec="utf-8")
_SHARE = st.integers(0, 100).map(lambda part: part / 100)
# Not on the line through the other two corners, where it would cover nothing.
_CORNER = st.tuples(_SHARE, _SHARE).filter(lambda p: abs((p[0] - 1) * 0.487 + (p[1] - 0.5) * 0.877) > 0.01)
_TRIANGLE = _CORNER.map(lambda p: (p, (1.0, 0.5), (0.123, 0.987)))


def values_of(setting: Setting) -> st.SearchStrategy[Any]:
    """What the setting accepts."""
    match setting.kind:
        case Flag():
            return st.booleans()
        case Whole(low=low, high=high, zero=zero, even=even):
            span = st.integers(low, high).map(lambda n: n - n % 2 if even else n)
            return st.one_of(st.just(0), span) if zero else span
        case Number(low=low, high=high):
            return st.floats(low, high)
        case Choice(words=words):
            return st.sampled_from(words)
        case Text(form="", longest=longest):
            return st.text(_PRINTABLE, min_size=1, max_size=min(longest, 40))
        case Text(form=form):
            return st.from_regex(form, fullmatch=True).filter(lambda text: len(text) <= 30)
        case Address():
            return st.sampled_from(
                ["rtsp://10.0.0.5/a", "rtsp://user:p%40ss@camera.lan:8554/b?x=1#2", "rtsps://[::1]:322/"]
            )
        case Polygons():
            return st.lists(_TRIANGLE, max_size=3).map(tuple)
        case Recipients():
            return st.lists(st.sampled_from(KEYS), unique=True, max_size=4).map(tuple)
        case Ids(form=form):
            return st.lists(st.from_regex(form, fullmatch=True), unique=True, max_size=3).map(tuple)
        case Words(words=words):
            return st.lists(st.sampled_from(words), unique=True, max_size=2).map(tuple)
        case kind:
            raise AssertionError(f"no values are known for {kind}")


def _tables(model: Any, settings: list[Setting], **fixed: Any) -> st.SearchStrategy[Any]:
    drawn = {s.key: values_of(s) for s in settings if s.key not in fixed}
    return st.fixed_dictionaries(drawn).map(lambda values: model(**values, **fixed))


@st.composite
def cameras(draw: st.DrawFn, name: str) -> Camera:
    """One camera of any kind, each of its settings drawn."""
    source = draw(st.sampled_from(get_args(SourceName)))
    motion = draw(_tables(Motion, list(settings_of(Motion).values())))
    fitting = [s for s in settings_of(Camera).values() if s.fits(source)]
    # Short pre-rolls, so that they fit into the smallest memory; no two cameras share a device.
    own: dict[str, Any] = {"id": name, "source": source, "motion": motion, "pre_roll_s": draw(st.integers(1, 3))}
    if source in {"synthetic", "v4l2", "picamera2"}:
        own["bit_rate_kbps"] = draw(st.integers(64, 1000))
    if source == "v4l2":
        own["device"] = f"/dev/{name}"
    if source == "picamera2":
        own["index"] = int(name.removeprefix("camera-"))
    if motion.method == "off":
        own["mode"] = "continuous"
    return draw(_tables(Camera, fitting, **own))


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Any configuration without a mistake."""
    tables = {name: draw(_tables(model, list(settings_of(model).values()))) for name, model in TABLES.items()}
    start, percent = draw(st.integers(2_000_000, 10_000_000)), draw(st.integers(0, 40))
    room = {"free_start_pct": percent, "free_target_pct": percent * 2}
    # In bytes or in percent: the other way stands at its defaults.
    names = ("free_start_bytes", "free_target_bytes")
    usual = {name: settings_of(TABLES["storage"])[name].default for name in names}
    room |= usual if percent else {"free_start_bytes": start, "free_target_bytes": start * 2}
    storage = {key.key: getattr(tables["storage"], key.key) for key in settings_of(TABLES["storage"]).values()}
    tables["storage"] = TABLES["storage"](**{**storage, **room})
    # One line of the header has one use, and quiet hours have two ends.
    lines = draw(st.permutations(range(2, 28)))
    named = {where: line * draw(st.booleans()) for where, line in zip(LINES, lines, strict=False)}
    for (table, key), line in named.items():
        tables[table] = replace(tables[table], **{key: line})
    if not (tables["lamps"].quiet_from and tables["lamps"].quiet_to):
        tables["lamps"] = replace(tables["lamps"], quiet_from="", quiet_to="")
    # Time enough for a shutdown in good order.
    ups = {key.key: getattr(tables["ups"], key.key) for key in settings_of(TABLES["ups"]).values()}
    delay_s = draw(st.integers(0, 600))
    tables["ups"] = TABLES["ups"](**{**ups, "shutdown_delay_s": delay_s, "critical_runtime_threshold_s": delay_s + 90})
    tables["presence"] = replace(tables["presence"], witness=draw(st.sampled_from(["", "10.0.0.9", "plug.lan"])))
    listed = [draw(cameras(f"camera-{number}")) for number in range(draw(st.integers(0, 3)))]
    free = [line for line in lines[len(LINES) :] if line not in BUS]
    kinds = draw(st.lists(st.sampled_from(["contact", "motion", "tamper", "smoke", "water"]), max_size=3))
    sensors = [draw(sensors_on(f"sensor-{number}", kind, free[number])) for number, kind in enumerate(kinds)]
    rules = [draw(rules_called(f"rule-{number}")) for number in range(draw(st.integers(0, 3)))]
    members = [draw(members_at(f"member-{number}", number)) for number in range(draw(st.integers(0, 3)))]
    return Config(
        **tables, cameras=tuple(listed), sensors=tuple(sensors), rules=tuple(rules), members=tuple(members)
    )  # fmt: skip


def members_at(name: str, number: int) -> st.SearchStrategy[Member]:
    """One member, by a device that nobody else has."""
    devices = st.sampled_from([f"192.168.1.{number}", f"02:00:00:00:00:0{number}", f"phone-{number}.lan"])
    return devices.flatmap(lambda device: _tables(Member, list(settings_of(Member).values()), id=name, device=device))


def sensors_on(name: str, kind: str, line: int) -> st.SearchStrategy[Sensor]:
    """One wired sensor, what does not depend on others drawn."""
    fixed = {"id": name, "kind": kind, "gpio": line, "pull": "up", "cameras": (), "confirm_within_s": 0}
    fixed |= {"topic": "", "key": "", "thermometer": "", "heard_at_least_every_s": 0, "alarm_in": ()}
    return _tables(Sensor, list(settings_of(Sensor).values()), **fixed)


def rules_called(name: str) -> st.SearchStrategy[Rule]:
    """One rule that needs no camera nor sensor."""
    own = st.fixed_dictionaries({"when": likely_conditions(), "do": actions()})
    return st.builds(
        lambda drawn, on, cool: Rule(id=name, enabled=on, cool_down_s=cool, **drawn),
        own, st.booleans(), st.integers(0, 604_800),
    )  # fmt: skip


_HEADERS = ["schema = 1", "schema = 0", "schema = 9", "[[camera]]", "[camera]", "[[cameras]]", "[camera.motion]"]
_HEADERS += (
    [f"[[{name}]]" for name in LISTS]
    + [f"[{name}]" for name in TABLES]
    + ["[[recording]]", "[mqtt]", "camera = 3", "storage = []", "[", '"""']
)
_VALUES = [
    "0",
    "1",
    "-1",
    "5",
    "60",
    "1e400",
    "nan",
    "0x" + "f" * 300,
    "true",
    "[]",
    "[[[0,0],[1,0],[1,1]]]",
    "[1, [2]]",
]
_VALUES += [
    '"demo"',
    '"front"',
    '"synthetic"',
    '"rtsp"',
    '"rtsp://u:p@h/x"',
    '"motion"',
    '""',
    '"\\u0000"',
    "{}",
    "{a = {b = 1}}",
]
_VALUES += ['[{ arm = "armed" }]', '{ sensor = "*", for_s = 3 }', '[{ notify = "hm" }]', "[{ not = { any = [] } }]"]
_VALUES += ['"192.168.1.20"', '"02:42:ac:11:00:02"', '"anna.lan"', '"away"', '"8.8.8.8"']
_VALUES += ["1979-05-27", "1979-05-27T07:32:00Z", "07:32:00", "=", "'''", f'["{KEYS[0]}", "age1"]']
_OLD_KEYS = ["rtsp_url", "record_continuous", "record_on_motion", "motion_sensitivity", "motion_min_area_px"]
_OLD_KEYS += ["retention_days", "resolution_motion", "post_motion_buffer_s", "arm_pin_hash"]
_KEYS = (
    sorted({key for table in (Camera, Motion, *TABLES.values(), *LISTS.values()) for key in settings_of(table)})
    + _OLD_KEYS
)
_LINES = st.one_of(
    st.sampled_from(_HEADERS),
    st.builds(
        lambda key, value: f"{key} = {value}",
        st.sampled_from([*_KEYS, "motion", "nonsense", "a.b.c"]),
        st.sampled_from(_VALUES),
    ),
    st.sampled_from(['id = "front"', 'id = "yard"', 'source = "synthetic"', 'source = "rtsp"', "# words"]),
    st.text(max_size=20),
)


def spoilt_files() -> st.SearchStrategy[bytes]:
    """Files as people, editors and dying disks leave them: from nearly right to noise."""
    lines = st.lists(_LINES, max_size=25).map(lambda found: "\n".join(found).encode(errors="replace"))
    return st.one_of(st.binary(max_size=200), lines)
