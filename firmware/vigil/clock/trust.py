"""How far the time may be believed, judged from two clock hands and what the kernel says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum

from vigil.errors import FormatError

STEP_US = 1_000_000
"""The hands may drift apart so far before it counts as a step: a leap second does not."""

GREAT_US = 3_600_000_000
"""Steps that add up to more than this stop deletion by days until somebody confirms the time."""

SETTLED_US = 3_600_000_000
"""After this long in step with the world the clock may decide what is too old."""

FORGIVEN_US = 24 * 3_600_000_000
"""After this long, small steps that came before no longer add up."""


class Trust(StrEnum):
    """The label on every statement that bears a time."""

    SYNCED = "synced"
    UNSYNCED = "unsynced"
    STEPPED = "stepped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """One look at the clock: both hands, which boot it was, and whether the kernel calls the time synchronised."""

    wall_us: int
    steady_us: int
    boot: str
    synced: bool


@dataclass(frozen=True, slots=True)
class Step:
    """The wall hand jumped by `size_us` (forward when positive); `slept` where a restart lies between."""

    size_us: int
    from_us: int
    to_us: int
    slept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """
    What is known about the clock; give it every look, keep it through restarts.

    `floor_us` is the time before which it cannot be: when this program was
    built, or the newest time that the clock was settled at. `saved_us` is the
    newest time seen at all, right or wrong. `moved_us` is the sum of the steps
    not yet forgiven, and `confirm` says that one of more than an hour in all
    waits for somebody to say that the time is right.
    """

    built_us: int
    floor_us: int
    saved_us: int | None = None
    boot: str = ""
    offset_us: int = 0
    steady_us: int = 0
    synced_since_us: int | None = None
    stepped: bool = False
    moved_us: int = 0
    confirm: bool = False

    @classmethod
    def new(cls, *, built_us: int, newest_us: int | None = None) -> Watch:
        """
        Begin without memory of earlier boots.

        `newest_us` is the newest time found on the disk (the end of the last
        segment), so that a lost memory does not make a jump unseen.
        """
        return cls(built_us=built_us, floor_us=built_us, saved_us=newest_us)

    @property
    def start_us(self) -> int:
        """The time to set a clock to that lost it: no earlier than anything seen before."""
        return max(self.floor_us, self.saved_us or 0)

    @property
    def wall_us(self) -> int:
        """The wall hand at the last look."""
        return self.steady_us + self.offset_us

    @property
    def trust(self) -> Trust:
        """The label for statements made now."""
        if self.synced_since_us is None or self.wall_us < self.floor_us:
            return Trust.UNSYNCED
        return Trust.STEPPED if self.stepped and not self.settled else Trust.SYNCED

    @property
    def settled(self) -> bool:
        """Whether the time has been synchronised, and in one piece, for an hour."""
        return self._synced_for(SETTLED_US)

    @property
    def days_count(self) -> bool:
        """Whether the clock may decide what is too old to keep."""
        return self.settled and not self.confirm and self.wall_us >= self.floor_us

    def after(self, hands: Hands) -> tuple[Watch, Step | None]:
        """Return what is known after one more look, and the step that it showed, if any."""
        step = self._step(hands)
        same_boot = hands.boot == self.boot
        since_us = None
        if hands.synced:
            carried = self.synced_since_us if same_boot and not step else None
            since_us = hands.steady_us if carried is None else carried
        # Steps add up, so that many small ones do not pass for none.
        moved_us = self.moved_us + (step.size_us if step else 0)
        great = step is not None and max(abs(moved_us), abs(step.size_us)) > GREAT_US
        watch = replace(
            self,
            boot=hands.boot,
            steady_us=hands.steady_us,
            # Drift below a step is kept, not followed: a clock that is pulled along slowly steps in the end.
            offset_us=self.offset_us if same_boot and not step else hands.wall_us - hands.steady_us,
            saved_us=hands.wall_us,
            synced_since_us=since_us,
            stepped=(self.stepped and same_boot) or (step is not None and not step.slept),
            moved_us=moved_us,
            confirm=self.confirm or great,
        )
        return watch._earned(), step

    def confirmed(self) -> Watch:
        """Return what is known after somebody who can tell has said that the time is right as of the last look."""
        floor_us = max(self.built_us, self.wall_us)
        return replace(self, confirm=False, moved_us=0, floor_us=floor_us)

    def saved(self) -> dict[str, int | str | bool | None]:
        """Return all of it as plain values, for a file."""
        return asdict(self)

    @classmethod
    def restored(cls, values: Mapping[str, object], *, built_us: int) -> Watch:
        """Return what `saved` gave, under a program built at `built_us`. Raises `FormatError` on anything else."""
        kinds = {"boot": str, "stepped": bool, "confirm": bool}
        optional = {"saved_us", "synced_since_us"}
        names = {each.name for each in fields(cls)}
        wrong = names ^ set(values) | {
            name
            for name in names & set(values)
            if type(values[name]) is not kinds.get(name, int) and not (name in optional and values[name] is None)
        }
        if wrong:
            raise FormatError(f"the saved clock state is not one: {', '.join(sorted(wrong))}; begin without it")
        watch = cls(**dict(values))  # type: ignore[arg-type]
        return replace(watch, built_us=built_us, floor_us=max(watch.floor_us, built_us))

    def _step(self, hands: Hands) -> Step | None:
        if hands.boot == self.boot:
            size_us = hands.wall_us - hands.steady_us - self.offset_us
            from_us = hands.wall_us - size_us
            return Step(size_us, from_us, hands.wall_us, slept=False) if abs(size_us) > STEP_US else None
        if self.saved_us is None:
            return None
        size_us = hands.wall_us - self.saved_us
        # Going back is a step however little. Going on is what clocks do while a box is off, and short power cuts must
        # not add up to a suspicion: forward, only a jump of more than an hour is a step.
        if -STEP_US <= size_us <= GREAT_US:
            return None
        return Step(size_us, self.saved_us, hands.wall_us, slept=True)

    def _earned(self) -> Watch:
        watch = replace(self, moved_us=0) if not self.confirm and self._synced_for(FORGIVEN_US) else self
        return replace(watch, floor_us=watch.wall_us) if watch.days_count else watch

    def _synced_for(self, span_us: int) -> bool:
        return self.synced_since_us is not None and self.steady_us - self.synced_since_us >= span_us
