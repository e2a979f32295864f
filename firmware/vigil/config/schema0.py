"""
Schema 0, files without a number: cameras in `[[cameras]]`, seconds of “buffer”, sensitivity from 0 to 1.

Where a default has changed since, the old one is written out, so that a camera
goes on as it did.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from vigil.config.redact import as_key, shown
from vigil.config.syntax import Document

_LOG_LEVELS = {"critical": "error"}
_DETECTION_PIXELS = 640 * 360
"""What motion was measured on, unless a camera said otherwise."""

_CARRIED = {
    "id", "rtsp_url", "enabled", "record_continuous", "record_on_motion", "motion_sensitivity", "motion_min_area_px",
    "pre_motion_buffer_s", "post_motion_buffer_s", "retention_days", "resolution_motion",
}  # fmt: skip


def from_schema_0(old: Document, notes: list[str]) -> Document:
    """Return the document of schema 1 that means the same, as far as it can; appends what is left behind to `notes`."""
    new: Document = {"schema": 1}
    system = old.get("system", {})
    if isinstance(system, dict):
        new["system"] = _system(system, notes)
    elif "system" in old:
        new["system"] = system
    cameras = old.get("cameras", [])
    if isinstance(cameras, list):
        new["camera"] = [_camera(c, number, notes) if isinstance(c, dict) else c for number, c in enumerate(cameras, 1)]
    else:
        new["camera"] = cameras
    left = [name for name in old if name not in {"schema", "system", "cameras"}]
    notes += [
        f"{as_key(name)}: this table is not carried over; see docs/ref/config.md for what there is" for name in left
    ]
    return new


def _system(old: Document, notes: list[str]) -> Document:
    new: Document = {key: old[key] for key in ("name", "log_level") if key in old}
    if isinstance(level := new.get("log_level"), str):
        new["log_level"] = _LOG_LEVELS.get(level.lower(), level)
    notes += [
        f"system.{as_key(key)}: not carried over" for key in old if key not in {"name", "log_level", "arm_pin_hash"}
    ]
    if "arm_pin_hash" in old:
        notes.append("the PIN is no longer in this file: set it again with vigil config set-pin")
    return new


def _camera(old: Document, number: int, notes: list[str]) -> Document:
    new: Document = {"id": old.get("id", ""), "source": "rtsp"}
    if isinstance(new["id"], str):
        new["id"] = re.sub(r"[^a-z0-9]+", "-", new["id"].lower()).strip("-")
        if new["id"] != old.get("id"):
            notes.append(f"cameras[{number}].id = {shown(old.get('id'))}: is now {shown(new['id'])}")
    for key, name in {"rtsp_url": "url", "enabled": "enabled", "pre_motion_buffer_s": "pre_roll_s"}.items():
        if key in old:
            new[name] = old[key]
    new["post_roll_s"] = old.get("post_motion_buffer_s", 30)
    new["keep_days"] = old.get("retention_days", 30)
    if old.get("record_continuous", False) is True:
        new["mode"] = "continuous"
    elif old.get("record_on_motion", True) is False:
        new["record"] = False
    else:
        new["mode"] = "motion"
    new["motion"] = {
        "sensitivity": _number(old.get("motion_sensitivity", 0.7), lambda share: round(share * 100)),
        "minimum_area_pct": _number(old.get("motion_min_area_px", 500), lambda area: _percent(area, old)),
    }
    left = ", ".join(as_key(key) for key in old if key not in _CARRIED)
    if left:
        notes.append(f"cameras[{number}]: not carried over: {left}")
    return new


def _percent(area_px: float, camera: Document) -> float:
    """Return an area in pixels as percent of the picture on which motion was measured."""
    size = camera.get("resolution_motion")
    sides = size if isinstance(size, list) and len(size) == 2 and all(_is_side(side) for side in size) else None
    pixels = sides[0] * sides[1] if sides else _DETECTION_PIXELS
    return min(max(round(area_px / pixels * 100, 2), 0.01), 100.0)


def _number(value: object, convert: Callable[[float], float]) -> object:
    """Convert a number; leave anything else as it is, for reading to refuse."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        return value
    return convert(value)


def _is_side(side: object) -> bool:
    return isinstance(side, int) and not isinstance(side, bool) and 0 < side <= 10_000
