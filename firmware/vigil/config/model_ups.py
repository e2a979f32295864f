"""The settings for a UPS: whom to ask about it, and when the box gives in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from vigil.config.kinds import Flag, Text, Whole
from vigil.config.setting import Mark


@dataclass(frozen=True, kw_only=True, slots=True)
class Ups:
    """`[ups]`: the battery behind the mains, as NUT's `upsd` tells of it."""

    enabled: Annotated[bool, Flag(), "true: a UPS is watched, and the box shuts down before its battery is empty."] = (
        False
    )
    nut_host: Annotated[
        str, Text(253, "[A-Za-z0-9.:-]+", "a name or an address"), "Where upsd runs: this box, or the one with the UPS."
    ] = "127.0.0.1"
    nut_port: Annotated[int, Whole(1, 65535), "The port it listens on."] = 3493
    ups_name: Annotated[
        str, Text(64, "[A-Za-z0-9._-]+", "1 to 64 of A–Z, a–z, 0–9, . _ -"), "What the UPS is called there."
    ] = "ups"
    nut_user: Annotated[
        str,
        Text(64, "[!-~]+", "1 to 64 characters of ASCII without blanks"),
        "As whom to sign in, so that upsd counts this box among those that hang on the UPS. Reading needs nobody.",
    ] = ""
    nut_password: Annotated[
        str, Text(64, "[!-~]+", "1 to 64 characters of ASCII without blanks"), "The password of that user.", Mark.SECRET
    ] = field(default="", repr=False)
    poll_interval_s: Annotated[
        int, Whole(1, 300), "Seconds between two looks at the UPS; on battery it is looked at every 5 s at least."
    ] = 10
    low_battery_threshold_pct: Annotated[
        int, Whole(5, 95), "With this much charge left, or less, the battery is low: people are told."
    ] = 20
    critical_runtime_threshold_s: Annotated[
        int, Whole(60, 7200), "With this many seconds left, or less, the box shuts down."
    ] = 300
    shutdown_delay_s: Annotated[
        int, Whole(0, 3600), "…after so many seconds, unless the mains have come back by then."
    ] = 60
