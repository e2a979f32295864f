"""
How far the card is worn: an estimate from what was written to it, or what it says itself.

No SD card tells how worn it is. So what was written since Vigil first saw the
card is added up over all starts, and compared with what its maker states that
it bears. Nobody knows what was written before, nor how much the card writes
on its own account: the estimate errs on the hopeful side, and is called one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace

from vigil.errors import FormatError
from vigil.events import Board
from vigil.guard.deeds import Deed, Enter, Keep, Seen
from vigil.guard.facts import Fact
from vigil.guard.moment import Moment
from vigil.guard.probes.wear import WearSeen

SUBJECT = "card-wear"
TERABYTE = 10**12
DAY_S = 86_400
KEEP_US = 3_600_000_000
"""What was written is noted once an hour: a cut of power forgets as much, and the notes themselves wear nothing out."""


@dataclass(frozen=True, slots=True)
class Worn:
    """
    What is remembered of a card: its number, what was written to it, and for how long the box was on.

    `boot_bytes` and `boot_seconds` are how much of that was counted in the boot `boot`.
    """

    card: str = ""
    bytes: int = 0
    seconds: int = 0
    boot: str = ""
    boot_bytes: int = 0
    boot_seconds: int = 0

    def saved(self) -> dict[str, str | int]:
        """Return it as plain values, for a file."""
        return asdict(self)

    @classmethod
    def restored(cls, values: object) -> Worn:
        """Return what `saved` gave. Raises `FormatError` on anything else."""
        if not isinstance(values, Mapping) or set(values) != {field.name for field in fields(cls)}:
            raise FormatError("this is no note of what was written to the card")
        words, counts = [values["card"], values["boot"]], [v for k, v in values.items() if k not in ("card", "boot")]
        if any(type(word) is not str for word in words) or any(type(n) is not int or n < 0 for n in counts):
            raise FormatError("what was written to the card is noted in whole numbers")
        return cls(**values)

    def after(self, look: Board, steady_s: int) -> Worn:
        """Return what is known after a look, `steady_s` after the box started. Another card begins at nought."""
        if look.written_bytes < 0:
            return self
        known = self if look.card == self.card else Worn(look.card)
        if known.boot != look.boot:
            known = replace(known, boot=look.boot, boot_bytes=0, boot_seconds=0)
        return replace(
            known,
            bytes=known.bytes + max(0, look.written_bytes - known.boot_bytes),
            seconds=known.seconds + max(0, steady_s - known.boot_seconds),
            boot_bytes=look.written_bytes,
            boot_seconds=steady_s,
        )


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    What is said of a card: `used_pct` of what it bears, and `days` until that is used up at the pace so far.

    Unknown is None. `stated`: the card says so itself, and it is at least so much.
    """

    used_pct: float | None = None
    days: int | None = None
    stated: bool = False


def forecast(worn: Worn, look: Board, *, endurance_tbw: int) -> Forecast:
    """Return how far the card is worn; what it says itself counts for more than what was added up."""
    if look.life_used > 0:
        return Forecast(used_pct=10.0 * (look.life_used - 1), stated=True)
    if not endurance_tbw:
        return Forecast()
    bears = endurance_tbw * TERABYTE
    # A day tells how a box is used; an hour does not.
    is_known = worn.seconds >= DAY_S and worn.bytes > 0
    days = max(0, bears - worn.bytes) * worn.seconds // worn.bytes // DAY_S if is_known else None
    return Forecast(used_pct=100 * worn.bytes / bears, days=days)


class CardWear:
    """Guard's judgement of the card (`guard.deeds.Part`). `worn` is what was kept of it, as `Worn.saved` gave it."""

    def __init__(self, worn: Worn, *, endurance_tbw: int) -> None:
        self.due_us: int | None = None
        self.worn = worn
        self._endurance_tbw = endurance_tbw
        self._kept_us: int | None = None
        self._entered_s = worn.seconds
        self._kept_card = worn.card
        self._seen = WearSeen()
        self.forecast = Forecast()

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        """Take in one look at the card."""
        if not isinstance(fact, Board) or fact.written_bytes < 0:
            return []
        self.worn = self.worn.after(fact, now.steady_us // 1_000_000)
        self.forecast = forecast(self.worn, fact, endurance_tbw=self._endurance_tbw)
        return [*self._keep(now), *self._enter(), *self._tell(_seen(self.forecast, fact))]

    def look(self, now: Moment) -> list[Deed]:  # noqa: ARG002
        """Time alone wears nothing out."""
        return []

    def _keep(self, now: Moment) -> list[Deed]:
        if self._kept_us is None:
            self._kept_us = now.steady_us
        if now.steady_us - self._kept_us < KEEP_US and self._kept_card == self.worn.card:
            return []
        self._kept_us, self._kept_card = now.steady_us, self.worn.card
        return [Keep(SUBJECT, self.worn.saved())]

    def _enter(self) -> list[Deed]:
        """Put the estimate into the journal, once a day."""
        if 0 <= self.worn.seconds - self._entered_s < DAY_S:
            return []
        self._entered_s = self.worn.seconds
        found = self.forecast
        known = {"used_pct": found.used_pct and round(found.used_pct), "days": found.days}
        fields = {"card": self.worn.card, "written_bytes": self.worn.bytes, "stated": found.stated}
        return [Enter("card.wear", {**fields, **{name: value for name, value in known.items() if value is not None}})]

    def _tell(self, seen: WearSeen) -> list[Deed]:
        """Say how it is where that is new; a card of which nothing is known is not said to be well."""
        if seen == self._seen:
            return []
        self._seen = seen
        return [Seen(seen)]


def _seen(found: Forecast, look: Board) -> WearSeen:
    return WearSeen(
        used_pct=-1 if found.used_pct is None else int(found.used_pct), days=-1 if found.days is None else found.days,
        stated=found.stated, spare_low=look.spare >= 2,
    )  # fmt: skip
