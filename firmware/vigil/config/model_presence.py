"""`[presence]`: whose devices tell that somebody is at home, and what the alarm makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from vigil.config.kinds import Choice, Flag, Text, Whole

Follow = Literal["off", "away", "home", "night", "disarmed"]
Method = Literal["both", "ping", "neighbours"]
Role = Literal["adult", "child", "guest"]

_FOLLOW = Choice(get_args(Follow))
_DEVICE = Text(
    253,
    r"[A-Za-z0-9]([A-Za-z0-9:._-]*[A-Za-z0-9])?",
    "an address (192.168.1.20), a host name (anna.lan) or a hardware address (02:42:ac:11:00:02)",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence:
    """`[presence]`: how the members' devices are looked for, and what follows. It needs a `[[presence.member]]`."""

    enabled: Annotated[bool, Flag(), "false: nobody is looked for."] = True
    ping_interval_s: Annotated[int, Whole(10, 600), "How often those who are at home are asked."] = 30
    departure_delay_s: Annotated[
        int, Whole(60, 86_400), "Who has not answered for so long, while the network is there, is gone."
    ] = 600
    method: Annotated[
        Method,
        Choice(get_args(Method)),
        "What counts: an answer to a ping; one to the network's own question (ARP), as sleeping phones do; either.",
    ] = "both"
    witness: Annotated[
        str,
        _DEVICE,
        "A device that is always there: while it does not answer, nobody is taken for gone. Without: the router, or "
        "any other member.",
    ] = ""
    empty: Annotated[Follow, _FOLLOW, "What becomes of the alarm when everybody is gone; off: nothing."] = "off"
    adults_home: Annotated[Follow, _FOLLOW, "When an adult is at home, and not everybody."] = "off"
    kids_home: Annotated[Follow, _FOLLOW, "When children are at home and no adult."] = "off"
    all_home: Annotated[Follow, _FOLLOW, "When everybody is at home."] = "off"
    override_manual: Annotated[bool, Flag(), "true: also what was armed by a person or by a rule is changed."] = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """`[[presence.member]]`: one of the household, by a device that goes wherever they go; one such table for each."""

    id: Annotated[
        str,
        Text(32, "[a-z0-9]([a-z0-9-]*[a-z0-9])?", "1 to 32 of a–z, 0–9 and - (not at either end)"),
        "Name in the journal and wherever presence is shown.",
    ]
    device: Annotated[str, _DEVICE, "Their phone: its address, host name or hardware address."]
    role: Annotated[Role, Choice(get_args(Role)), "Guests are shown, and count for nothing."] = "adult"
    departure_delay_s: Annotated[
        int, Whole(60, 86_400, "as in [presence]"), "For a phone that is often silent: after how long it is gone."
    ] = 0
