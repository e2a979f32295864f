"""What the decision about recording says to the recorder, and the words it uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from vigil.frames.packet import Packet


class Mode(StrEnum):
    """What a camera records while nothing happens, and what when something does."""

    CONTINUOUS = "continuous"
    MOTION = "motion"
    KEYFRAMES_MOTION = "keyframes+motion"


class Rate(StrEnum):
    """How much of the camera's stream a take holds."""

    FULL = "full"
    KEYFRAMES = "keyframes"


class Why(StrEnum):
    """Why a take ended, or why nothing was due."""

    OVER = "nothing moves any more"
    EVENT = "an event began"
    QUIET = "nothing moves"
    PAUSED = "recording is paused"
    NO_CAMERA = "the camera is away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """
    Begin a new segment with `packets`, the first of which is a keyframe.

    `at_us` is the moment of the cue (steady clock), `pre_roll_got_s` how long
    before it the first packet arrived. `continues` says that the first packet
    follows the last one of the full-rate take before, so that nothing is
    missing between the two. `covered_us` is the first and the last arrival of
    the idle keyframes that these packets hold once more.
    """

    rate: Rate
    reason: str
    at_us: int
    packets: list[Packet] = field(repr=False)
    pre_roll_asked_s: float = 0.0
    pre_roll_got_s: float = 0.0
    continues: bool = False
    covered_us: tuple[int, int] | None = None

    @property
    def short(self) -> bool:
        """Say whether the event got less pre-roll than the owner asked for."""
        return not self.continues and self.pre_roll_got_s < self.pre_roll_asked_s


@dataclass(frozen=True, slots=True)
class Append:
    """Go on with the take that was begun."""

    packets: list[Packet] = field(repr=False)


@dataclass(frozen=True, slots=True)
class End:
    """End the take; its last segment may be sealed."""

    why: Why
    at_us: int


@dataclass(frozen=True, slots=True)
class Mark:
    """State that a cue began or ended; it belongs to the open segment, or to the chain where none is open."""

    name: str
    at_us: int
    began: bool


@dataclass(frozen=True, slots=True)
class Idle:
    """State that nothing was due since the last statement."""

    why: Why
    at_us: int


@dataclass(frozen=True, slots=True)
class AskKeyframe:
    """Ask the camera for a keyframe: something shall be recorded and nothing can begin without one."""


Instruction = Begin | Append | End | Mark | Idle | AskKeyframe
