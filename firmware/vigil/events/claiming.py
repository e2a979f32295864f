"""Whose box it is (docs/design/claiming.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from vigil.events.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership(Message):
    """
    Guard to who watches, every second: whose box this is.

    `owned` is ``unclaimed``, ``prepared``, ``claimed``, ``unknown`` or empty while guard does not know; `open_for` what
    claiming is open for, for `open_left_s` more; `takeover` is ``waiting`` until it is ripe in `takeover_left_s`,
    ``ripe`` until it lapses in as many, or empty. `last` is the kind of the last entry made of it, with its `words`.
    """

    kind: ClassVar[str] = "ownership"
    owned: str
    administrator: str = ""
    taken: int = 0
    open_for: str = ""
    open_left_s: int = 0
    takeover: str = ""
    takeover_left_s: int = 0
    last: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenClaim(Message):
    """From root on the box: let it be claimed, as a hold of its button would."""

    kind: ClassVar[str] = "open-claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeClaim(Message):
    """Take the box while claiming is open: `recipients` are whom it seals for from now on, `client` who asks."""

    kind: ClassVar[str] = "take-claim"
    administrator: str
    recipients: list[str] = field(default_factory=list)
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTakeover(Message):
    """No: this box is somebody's. With a PIN from any service; the page (`client` is who is signed in) needs none."""

    kind: ClassVar[str] = "cancel-takeover"
    pin: str = field(default="", repr=False)
    client: str = ""
    route: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPin(Message):
    """Set a new PIN by the recovery passphrase of the old one, which is used up by it."""

    kind: ClassVar[str] = "new-pin"
    passphrase: str = field(repr=False)
    pin: str = field(repr=False)
    client: str = ""
    route: str = ""
