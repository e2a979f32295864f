"""The settings of the disk: where recordings are kept, for how long, and what goes when room is short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from vigil.config.kinds import Flag, Text, Whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """`[storage]`: where recordings are kept, and when the oldest go."""

    video_dir: Annotated[str, Text(4096), "Where recordings are kept; relative to the data directory."] = "video"
    keep_days: Annotated[
        int, Whole(1, 3650, "no limit"), "Days after which recordings are deleted (while the clock is trusted)."
    ] = 0
    maximum_bytes: Annotated[
        int, Whole(1_048_576, 1_000_000_000_000_000, "no limit"), "Recordings take no more room than this in all."
    ] = 0
    free_start_bytes: Annotated[
        int,
        Whole(1_048_576, 1_000_000_000_000_000),
        "With less room than this free, the oldest recordings are deleted…",
    ] = 1_000_000_000
    free_target_bytes: Annotated[int, Whole(1_048_576, 1_000_000_000_000_000), "…until this much is free."] = (
        2_000_000_000
    )
    free_start_pct: Annotated[int, Whole(1, 90, "in bytes"), "The same two in percent of the disk instead…"] = 0
    free_target_pct: Annotated[int, Whole(1, 95, "in bytes"), "…for which the two in bytes stay as they were."] = 0
    delete: Annotated[
        bool, Flag(), "false: nothing is deleted automatically; when the disk is full, recording waits in memory."
    ] = True
    give_up_stars: Annotated[
        bool, Flag(), "true: for want of room, starred recordings go when nothing else may; what is held never does."
    ] = False
    reserve_bytes: Annotated[
        int,
        Whole(1_048_576, 10_000_000_000),
        "Room set aside and given back before the disk is full, so that files can still be ended properly.",
    ] = 67_108_864
    read_back_every: Annotated[
        int, Whole(1, 1000, "never"), "One in so many finished files is read back from the disk and checked."
    ] = 10
    card_endurance_tbw: Annotated[
        int,
        Whole(1, 100_000, "not known"),
        "What the card may be written in all before it wears out, in terabytes (TBW), as its maker states it.",
    ] = 0
