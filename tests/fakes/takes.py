"""Days for a take to live through, and a recorder that does what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from fakes.packets import picture, sound
from vigil.frames.instructions import Append, AskKeyframe, Begin, End, Idle, Instruction, Mark, Mode, Rate
from vigil.frames.packet import Packet
from vigil.frames.take import MOTION, Take

SECOND_US = 1_000_000
PRE_S, POST_S, LATE_S = 5.0, 3.0, 1.0
PRE_US, POST_US, LATE_US = 5 * SECOND_US, 3 * SECOND_US, SECOND_US


@dataclass
class Recorded:
    """A take as the recorder would have it on the disk."""

    begin: Begin
    packets: list[Packet]
    end: End | None = None


@dataclass
class Recorder:
    """Does what a take says, in memory, and refuses what makes no sense."""

    takes: list[Recorded] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    idles: list[Idle] = field(default_factory=list)
    asked: int = 0
    open: bool = False

    def do(self, instructions: Sequence[Instruction]) -> None:
        for instruction in instructions:
            match instruction:
                case Begin():
                    assert not self.open
                    self.open = True
                    self.takes.append(Recorded(instruction, list(instruction.packets)))
                case Append():
                    assert self.open
                    assert instruction.packets
                    self.takes[-1].packets += instruction.packets
                case End():
                    assert self.open
                    self.open = False
                    self.takes[-1].end = instruction
                case Mark():
                    self.marks.append(instruction)
                case Idle():
                    self.idles.append(instruction)
                case AskKeyframe():
                    self.asked += 1

    def of(self, rate: Rate) -> list[Recorded]:
        return [take for take in self.takes if take.begin.rate is rate]

    def packets(self, rate: Rate) -> list[Packet]:
        return [packet for take in self.of(rate) for packet in take.packets]


@dataclass
class Cue:
    """At `said_us` somebody says that `name` began or ended at `at_us`."""

    said_us: int
    at_us: int
    name: str
    began: bool


@dataclass
class Day:
    """What a camera sends and what it is told; drawn as numbers, so that a failure can be read."""

    arrivals: list[tuple[int, str]]
    told: list[tuple[int, str, int]]
    packets: list[Packet] = field(init=False, repr=False)
    cues: list[Cue] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        at_us, self.packets = 0, [picture(0, key=True)]
        for wait_us, kind in self.arrivals:
            at_us += wait_us
            self.packets.append(sound(at_us) if kind == "s" else picture(at_us, key=kind == "k"))
        times, self.cues = dict[str, int](), []
        for wait_us, name, late_us in self.told:
            times[name] = now_us = times.get(name, 0) + wait_us
            count = sum(cue.name == name for cue in self.cues)
            self.cues.append(Cue(now_us + late_us, now_us, name, began=count % 2 == 0))
        self.cues = sorted((c for c in self.cues if c.said_us < at_us), key=lambda cue: cue.said_us)


# A camera with any keyframe distance, some sound, some stalls; overlapping events, told up to LATE_S late.
DAYS = st.builds(
    Day,
    st.lists(
        st.tuples(st.sampled_from([100_000, 400_000, 100_000, 2_500_000]), st.sampled_from("ppppkpps")),
        min_size=5,
        max_size=60,
    ),
    st.lists(
        st.tuples(
            st.sampled_from([0, 300_000, 1_700_000, 4_000_000, 9_000_000, 20_000_000]),
            st.sampled_from([MOTION, "door", "button"]),
            st.sampled_from([0, LATE_US // 2, LATE_US]),
        ),
        max_size=8,
    ),
)


def new_take(mode: Mode, *, recording: bool = True) -> Take:
    return Take(mode=mode, started_us=0, pre_roll_s=PRE_S, post_roll_s=POST_S, late_s=LATE_S, recording=recording)


def play(take: Take, packets: list[Packet], told: list[Cue], *, batch: int = 1) -> Recorder:
    """Let a take live through a day, its packets coming in batches between the cues."""
    recorder, waiting, together = Recorder(), list(told), list[Packet]()
    for packet in packets:
        if len(together) == batch or (waiting and waiting[0].said_us < packet.at_us):
            recorder.do(take.packets(together))
            together = []
        while waiting and waiting[0].said_us < packet.at_us:
            cue = waiting.pop(0)
            recorder.do((take.began if cue.began else take.ended)(cue.name, cue.at_us))
        together.append(packet)
    recorder.do(take.packets(together))
    return recorder


def is_key(packet: Packet) -> bool:
    return packet.key and not packet.audio
