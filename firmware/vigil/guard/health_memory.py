"""What guard remembers of the box's health from one run to the next: the faults that stand, and what was told once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from vigil.errors import FormatError
from vigil.guard.faults import FaultKind
from vigil.guard.moment import Moment
from vigil.guard.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """
    What happened in the boot `boot` and holds while nothing else is said of it.

    `was_synced`, `was_reached`: clock and network were once in order. `alone`:
    why the box has one system only; `refused`: which update was not begun with.
    """

    boot: str = ""
    was_synced: bool = False
    was_reached: bool = False
    alone: str = ""
    refused: str = ""

    def after(self, kind: str, fields: Mapping[str, Any]) -> Past:
        """Return what is remembered after an entry of the system's own commands."""
        if kind == "slot.spent":
            return replace(self, alone=str(fields.get("why", "")) or "one of the two systems does not start any more")
        if kind == "update.refused":
            return replace(self, refused=str(fields.get("why", "")) or "it is not for this box")
        if kind in ("update.began", "update.confirmed"):
            return replace(self, refused="")
        return replace(self, refused="", alone="") if kind == "update.installed" else self


def saved(past: Past, standing: Iterable[Standing]) -> dict[str, Any]:
    """Return all of it as plain values, for a file. Notices are not carried over: nobody was told of them."""
    faults = [
        {
            "id": one.kind.id, "subject": one.subject, "why": one.why, "since_us": one.since_us,
            "since_wall_us": one.since_wall_us, "flaps": one.flaps,
        }
        for one in standing
        if one.level.is_fault
    ]  # fmt: skip
    return {**asdict(past), "faults": faults}


def restored(data: bytes, kinds: Mapping[str, FaultKind], *, boot: str, now: Moment) -> tuple[Past, list[Standing]]:
    """
    Return what `saved` gave. Faults that this version does not know are left out. Raises `FormatError`.

    Since when a fault stands is reckoned by the wall clock where the box was restarted meanwhile.
    """
    try:
        read = json.loads(data)
        same = read["boot"] == boot
        faults = [_fault(one, kinds, now, same_boot=same) for one in read["faults"] if one["id"] in kinds]
        # What was in order before a restart says nothing, and each start tells anew of a system that is spent.
        past = Past(
            boot=boot, was_synced=same and read["was_synced"] is True, was_reached=same and read["was_reached"] is True,
            alone=str(read["alone"]) if same else "", refused=str(read["refused"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError("what was known of the box's health is damaged") from error
    return past, faults


def _fault(one: Mapping[str, Any], kinds: Mapping[str, FaultKind], now: Moment, *, same_boot: bool) -> Standing:
    since_wall_us = int(one["since_wall_us"])
    since_us = int(one["since_us"]) if same_boot else now.steady_us - max(0, now.wall_us - since_wall_us)
    return Standing(
        kinds[one["id"]], str(one["subject"]), str(one["why"]), min(since_us, now.steady_us), since_wall_us,
        flaps=max(0, int(one["flaps"])),
    )  # fmt: skip
