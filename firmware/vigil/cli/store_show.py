"""`vigil store show`: what each camera keeps, how much a day that is, and when the disk will be full."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from vigil.cli.listing import count
from vigil.cli.places import CANNOT, config_of, find_store
from vigil.cli.times import lasting
from vigil.cli.verify_print import size
from vigil.clock import SystemClock
from vigil.clock.kernel import synchronised
from vigil.clock.trust import Trust
from vigil.config.model import Config
from vigil.errors import VigilError
from vigil.processes.foresight import sentence
from vigil.store.disk import Disk
from vigil.store.forecast import Forecast, forecast
from vigil.store.plan import rules_of
from vigil.store.retention import Kept, Rules
from vigil.store.shelf import Shelf

OK = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraShelf:
    """What one camera keeps; `oldest_us` is when its oldest recording ended, by a believable clock, else -1."""

    camera: str
    segments: int
    size_bytes: int
    held: int
    starred: int
    oldest_us: int
    daily_bytes: float
    keep_days: float
    maximum_bytes: int


def run_show(args: argparse.Namespace) -> int:
    """Show the store that the arguments name; return the exit code."""
    try:
        store = find_store(args.data)
        config = config_of(args.data) if store.place else Config()
        shelf = Shelf(Disk(), store.video)
        kept, now_us = shelf.kept(), SystemClock().wall_us()
        usage = shutil.disk_usage(store.video)
        rules = rules_of(config.storage, config.cameras, total_bytes=usage.total)
        seen = forecast(
            kept, rules=rules, free_bytes=usage.free, now_us=now_us, clock_is_right=synchronised(), ranges=shelf.ranges
        )
    except (VigilError, OSError) as error:
        print(f"vigil store: {error}", file=sys.stderr)
        return CANNOT
    cameras = [camera_shelf(camera, kept, rules, seen) for camera in sorted(shelf.ranges)]
    if args.json:
        told = {
            "free_bytes": usage.free,
            "total_bytes": usage.total,
            "forecast": {**asdict(seen), "says": sentence(seen)},
            "rules": what_goes(rules) if store.place else "",
        }
        print(json.dumps({**told, "cameras": [asdict(one) for one in cameras]}, indent=1, ensure_ascii=False))
        return OK
    print(f"{store.video}: {size(usage.free)} free of {size(usage.total)}")
    for one in cameras:
        print(f"  {one.camera}: {', '.join(_words(one, now_us))}")
    says = sentence(seen)
    print(f"{says[0].upper()}{says[1:]}.")
    if store.place:
        print(what_goes(rules))
    return OK


def what_goes(rules: Rules) -> str:
    """Say by which rules recordings go, and what stays."""
    if not rules.delete:
        return "Nothing is deleted automatically (storage.delete = false)."
    target_bytes = max(rules.free_start_bytes, rules.free_target_bytes)
    when = [f"where less than {size(rules.free_start_bytes)} is free, until {size(target_bytes)} are"]
    if rules.keep_days:
        when.append(f"after {rules.keep_days:g} days")
    if rules.maximum_bytes:
        when.append(f"above {size(rules.maximum_bytes)} in all")
    stars = "what is starred, until nothing else may go" if rules.give_up_stars else "so does what is starred"
    return f"The oldest go {', '.join(when)}. What is held stays, {stars}."


def camera_shelf(camera: str, kept: Sequence[Kept], rules: Rules, seen: Forecast) -> CameraShelf:
    """Return what `camera` keeps of `kept`."""
    mine = [one for one in kept if one.camera == camera]
    return CameraShelf(
        camera=camera,
        segments=len(mine),
        size_bytes=sum(one.size_bytes for one in mine),
        held=sum(one.held for one in mine),
        starred=sum(one.starred for one in mine),
        oldest_us=min((one.ended_us for one in mine if one.clock is Trust.SYNCED), default=-1),
        daily_bytes=round(seen.daily.get(camera, -1.0)),
        keep_days=rules.days_of(camera),
        maximum_bytes=rules.own[camera].maximum_bytes if camera in rules.own else 0,
    )


def _words(one: CameraShelf, now_us: int) -> Iterator[str]:
    yield count(one.segments, "segment")
    yield size(one.size_bytes)
    if one.daily_bytes >= 1:
        yield f"{size(round(one.daily_bytes))} a day"
    if 0 <= one.oldest_us < now_us:
        yield f"{lasting(now_us - one.oldest_us)} back"
    if one.held:
        yield f"{one.held} held"
    if one.starred:
        yield f"{one.starred} starred"
    if one.keep_days:
        yield f"kept for {one.keep_days:g} days"
    if one.maximum_bytes:
        yield f"{size(one.maximum_bytes)} at most"
