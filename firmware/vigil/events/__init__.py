"""
The words the parts use to each other, over the hub: typed, small, and checked when they arrive.

One message is one JSON object in one packet. No message that matters exists
only here: whoever misses one reads the files again. They lie by subject, and
are all known from here.
"""

from __future__ import annotations

from vigil.events.claiming import CancelTakeover, NewPin, OpenClaim, Ownership, TakeClaim
from vigil.events.health import Board, Health, Network, Ups
from vigil.events.hub import Answer, Hello, LogLevel, Watch
from vigil.events.message import Message
from vigil.events.panel import Display, Lit, Pressed, SetArm, Touch
from vigil.events.plugs import Exporting, Plugs
from vigil.events.presence import AskPresence, MemberKnown, PresenceKnown, Sightings
from vigil.events.recording import Checkpoint, ConfirmTime, Cue, Delete, Pause, Status, Written
from vigil.events.sensors import Senses, SensorSaid, TopicSaid

KINDS: dict[str, type[Message]] = {
    one.kind: one
    for one in (
        Hello, Watch, LogLevel, Answer,
        Status, Written, Delete, Checkpoint, Cue, Pause, ConfirmTime,
        Health, Ups, Board, Network,
        SetArm, Pressed, Display, Touch, Lit,
        Senses, SensorSaid, TopicSaid,
        Sightings, AskPresence, MemberKnown, PresenceKnown,
        Plugs, Exporting,
        Ownership, OpenClaim, TakeClaim, CancelTakeover, NewPin,
    )
}  # fmt: skip

__all__ = [
    "KINDS",
    "Answer",
    "AskPresence",
    "Board",
    "CancelTakeover",
    "Checkpoint",
    "ConfirmTime",
    "Cue",
    "Delete",
    "Display",
    "Exporting",
    "Health",
    "Hello",
    "Lit",
    "LogLevel",
    "MemberKnown",
    "Message",
    "Network",
    "NewPin",
    "OpenClaim",
    "Ownership",
    "Pause",
    "Plugs",
    "PresenceKnown",
    "Pressed",
    "Senses",
    "SensorSaid",
    "SetArm",
    "Sightings",
    "Status",
    "TakeClaim",
    "TopicSaid",
    "Touch",
    "Ups",
    "Watch",
    "Written",
]
