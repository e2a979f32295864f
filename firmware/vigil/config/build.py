"""A TOML document of this schema becomes a `Config`, with every mistake in it and what is used in its place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from vigil.config.build_lists import build_members, build_rules, build_sensors
from vigil.config.checks import (
    CAMERAS_AT_MOST,
    THRESHOLDS,
    motion_problems,
    quiet_problem,
    ring_problems,
    rival_lines,
    rival_problem,
    storage_problem,
    ups_problem,
)
from vigil.config.model import LISTS, TABLES, Camera, Config, within
from vigil.config.presence_checks import presence_problem
from vigil.config.redact import shown
from vigil.config.syntax import Document
from vigil.config.tables import TakenCamera, not_a_setting, take_camera, take_table


@dataclass(slots=True)
class Built:
    """A configuration from all that was right; `problems` are the mistakes, `remedies` what stands in for them."""

    config: Config
    problems: list[str] = field(default_factory=list)
    remedies: list[str] = field(default_factory=list)


def build(document: Document, good: Config | None) -> Built:
    """
    Build what can be built of `document`; what is wrong comes from `good`, or else from the defaults.

    A camera with a mistake is taken whole from `good` where it was there; else
    it is used with defaults, unless the mistake decides what would be seen or
    kept. `good`'s other cameras are not taken: the owner removed them.
    """
    built = Built(good or Config())
    known = [*TABLES, *(name for name in LISTS if "." not in name), "camera", "schema"]
    built.problems += [not_a_setting(key, known) for key in document if key not in known]
    stand_in = built.config
    tables = {name: _table(name, document.get(name, {}), getattr(stand_in, name), built) for name in TABLES}
    cameras = _cameras(document.get("camera", []), good, built)
    built.config = Config(**tables, cameras=tuple(cameras))
    _part_rivals(built)
    _lists(document, good, built)
    built.problems += ring_problems(built.config.cameras, built.config.recording)
    built.problems += motion_problems(built.config.cameras)
    return built


def _table(name: str, table: object, stand_in: Any, built: Built) -> Any:
    model = TABLES[name]
    taken = take_table(model, table, name, inner=within(name))
    built.problems += taken.problems
    found = model(**{**{key: getattr(stand_in, key) for key in taken.bad}, **taken.saved, **taken.values})
    for key in sorted(taken.bad):
        used = "what is right of it" if key in taken.saved else shown(getattr(found, key))
        built.remedies.append(f"{name}.{key}: used instead is {used}")
    if name == "storage" and (problem := storage_problem(found)):
        built.problems.append(problem)
        instead = {key: getattr(stand_in, key) for key in THRESHOLDS}
        told = {key: value for key, value in instead.items() if value or getattr(found, key)}
        built.remedies += [f"storage.{key}: used instead is {shown(value)}" for key, value in told.items()]
        return replace(found, **instead)
    if name == "lamps" and (problem := quiet_problem(found)):
        built.problems.append(problem)
        built.remedies.append("lamps: no quiet hours until this is corrected")
        return replace(found, quiet_from="", quiet_to="")
    if name == "ups" and (problem := ups_problem(found)):
        built.problems.append(problem)
        pair = {key: getattr(stand_in, key) for key in ("critical_runtime_threshold_s", "shutdown_delay_s")}
        built.remedies += [f"ups.{key}: used instead is {shown(value)}" for key, value in pair.items()]
        return replace(found, **pair)
    if name == "presence" and (problem := presence_problem(found)):
        built.problems.append(problem)
        built.remedies.append("presence.witness: without it, the router is asked")
        return replace(found, witness="")
    return found


def _part_rivals(built: Built) -> None:
    """One line has one use: of two that want it, the later one goes without."""
    for (table, key), problem in rival_lines(built.config).items():
        built.problems.append(problem)
        built.remedies.append(f"{table}.{key}: not used until this is corrected")
        without = replace(getattr(built.config, table), **{key: 0})
        built.config = replace(built.config, **{table: without})


def _lists(document: Document, good: Config | None, built: Built) -> None:
    """Build sensors, then the rules that speak of them, and members; a mistake costs the one that has it."""

    def told(problems: list[str], remedy: str) -> None:
        built.problems.extend(problems)
        built.remedies.append(remedy)

    sensors = build_sensors(document.get("sensor", []), built.config, good, told)
    built.config = replace(built.config, sensors=sensors)
    built.config = replace(built.config, rules=build_rules(document.get("rule", []), built.config, good, told))
    presence = document.get("presence", {})
    members = presence.get("member", []) if isinstance(presence, dict) else []
    built.config = replace(built.config, members=build_members(members, good, told))


def _cameras(tables: object, good: Config | None, built: Built) -> list[Camera]:
    if isinstance(tables, dict):
        built.problems.append("camera: write [[camera]], in double brackets, for each camera")
        tables = [tables]
    if not isinstance(tables, list):
        built.problems.append(f"camera = {shown(tables)}: write a table [[camera]] for each camera")
        return list(good.cameras) if good else []
    if len(tables) > CAMERAS_AT_MOST:
        built.problems.append(f"camera: there are {len(tables)}; {CAMERAS_AT_MOST} at most are used")
    used: list[Camera] = []
    ids: set[str] = set()
    for number, table in enumerate(tables[:CAMERAS_AT_MOST], 1):
        taken = take_camera(table, number)
        built.problems += taken.problems
        if taken.id in ids:
            built.problems.append(f"camera[{number}].id = {shown(taken.id)}: another camera has this id")
        ids.update({taken.id} - {""})
        camera = _usable(taken, good, built)
        problem = rival_problem(camera, used) if camera else ""
        if problem:
            built.problems.append(problem)
        if camera and not problem and all(camera.id != other.id for other in used):
            used.append(camera)
        else:
            built.remedies.append(f"camera[{number}]{taken.id and ' '}{taken.id}: not used until this is corrected")
    return used


def _usable(taken: TakenCamera, good: Config | None, built: Built) -> Camera | None:
    if taken.sound:
        return taken.camera
    before = next((camera for camera in good.cameras if camera.id == taken.id), None) if good else None
    if before:
        built.remedies.append(f"camera.{taken.id}: used as it was last applied well")
        return before
    if taken.camera:
        built.remedies.append(f"camera.{taken.id}: used with defaults in place of its mistakes")
    return taken.camera
