"""What is recorded, from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from fakes.packets import picture, sound, stream
from vigil.frames.instructions import Append, AskKeyframe, Begin, End, Idle, Instruction, Mark, Mode, Rate, Why
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


def windows(told: list[Cue]) -> list[tuple[int, int, int]]:
    """Return (first moment that must be recorded, last, when that was known) for each event by itself."""
    spans, began = [], dict[str, int]()
    for cue in told:
        if cue.began and cue.name not in began:
            began[cue.name] = cue.at_us
            spans.append((cue.at_us - PRE_US, cue.at_us + POST_US, cue.said_us))
        elif not cue.began and cue.name in began:
            spans.append((began.pop(cue.name) - PRE_US, cue.at_us + POST_US, cue.said_us))
    return spans + [(at_us - PRE_US, 1 << 60, 1 << 60) for at_us in began.values()]


def is_key(packet: Packet) -> bool:
    return packet.key and not packet.audio


@given(DAYS, st.sampled_from([Mode.MOTION, Mode.KEYFRAMES_MOTION]), st.integers(1, 9))
def test_all_between_pre_roll_and_post_roll_is_recorded_once_in_order_from_a_keyframe(
    day: Day, mode: Mode, batch: int
) -> None:
    packets, told = day.packets, day.cues
    recorder = play(new_take(mode), packets, told, batch=batch)
    recorded = recorder.packets(Rate.FULL)
    number = {id(packet): n for n, packet in enumerate(packets)}

    numbers = [number[id(packet)] for packet in recorded]
    assert numbers == sorted(set(numbers))
    for take in recorder.of(Rate.FULL):
        assert is_key(take.packets[0])
        first = number[id(take.packets[0])]
        assert take.packets == packets[first : first + len(take.packets)]

    spans = windows(told)
    kept = set(numbers)
    for n, packet in enumerate(packets):
        due = any(first <= packet.at_us <= last for first, last, _ in spans)
        assert n in kept or not due, f"packet {n} at {packet.at_us} is lost"

    allowed: set[int] = set()
    for first, last, said in spans:
        allowed |= set(groups_between(packets, first, max(last, said)))
    assert kept <= allowed


def groups_between(packets: list[Packet], first_us: int, last_us: int) -> range:
    """Return the numbers of the whole groups of pictures that touch a span."""
    begin = max((n for n, p in enumerate(packets) if is_key(p) and p.at_us <= first_us), default=0)
    end = next((n for n, p in enumerate(packets) if is_key(p) and p.at_us > last_us), len(packets))
    return range(begin, end)


@given(DAYS, st.sampled_from([Mode.MOTION, Mode.KEYFRAMES_MOTION]))
def test_an_event_that_got_less_pre_roll_than_asked_says_so(day: Day, mode: Mode) -> None:
    packets, told = day.packets, day.cues
    before: Recorded | None = None
    for take in play(new_take(mode), packets, told).of(Rate.FULL):
        begin, first = take.begin, take.packets[0]
        assert begin.pre_roll_asked_s == PRE_S
        assert begin.pre_roll_got_s == max(0, begin.at_us - first.at_us) / 1e6
        assert begin.continues == (before is not None and packets[packets.index(before.packets[-1]) + 1] is first)
        full = first.at_us <= begin.at_us - PRE_US
        assert begin.short == (not full and not begin.continues)
        # Short only because the camera had just started.
        assert not begin.short or first is packets[0]
        before = take


@given(DAYS)
def test_keyframes_are_recorded_while_nothing_happens_and_the_event_names_those_it_holds_again(
    day: Day,
) -> None:
    packets, told = day.packets, day.cues
    recorder = play(new_take(Mode.KEYFRAMES_MOTION), packets, told)

    idle = recorder.packets(Rate.KEYFRAMES)
    assert all(is_key(packet) for packet in idle)
    full = {id(packet) for packet in recorder.packets(Rate.FULL)}
    assert {id(p) for p in packets if is_key(p)} == {id(p) for p in idle} | {
        i for i in full if i in ids_of_keys(packets)
    }
    for take in recorder.of(Rate.FULL):
        mine = {id(packet) for packet in take.packets}
        twice = [packet.at_us for packet in idle if id(packet) in mine]
        assert take.begin.covered_us == ((twice[0], twice[-1]) if twice else None)


def ids_of_keys(packets: list[Packet]) -> set[int]:
    return {id(packet) for packet in packets if is_key(packet)}


@given(DAYS, st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["pause", "resume", "lost"])), max_size=8))
def test_nothing_of_a_pause_is_ever_recorded_nor_what_was_only_in_memory_before_it(
    day: Day, switches: list[tuple[int, str]]
) -> None:
    packets, told = day.packets, day.cues
    take, recorder, waiting = new_take(Mode.KEYFRAMES_MOTION), Recorder(), list(told)
    epoch, epochs, paused = 0, dict[int, int](), set[int]()
    for n, packet in enumerate(packets):
        for _, switch in (s for s in switches if s[0] == n):
            do = {"pause": take.pause, "resume": lambda _: take.resume(), "lost": take.camera_lost}[switch]
            recorder.do(do(packet.at_us))
            if switch != "resume":
                assert not recorder.open
                epoch += 1
        while waiting and waiting[0].said_us < packet.at_us:
            cue = waiting.pop(0)
            recorder.do((take.began if cue.began else take.ended)(cue.name, cue.at_us))
        epochs[id(packet)] = epoch
        if not take.recording:
            paused.add(id(packet))
        recorder.do(take.packets([packet]))

    for recorded in recorder.takes:
        assert not paused & {id(packet) for packet in recorded.packets}
        assert len({epochs[id(packet)] for packet in recorded.packets}) == 1
        assert is_key(recorded.packets[0])
    number = {id(packet): n for n, packet in enumerate(packets)}
    full = [number[id(packet)] for packet in recorder.packets(Rate.FULL)]
    assert full == sorted(set(full))


def test_continuous_records_everything_and_only_marks_events() -> None:
    packets = [picture(0), *stream(seconds=20, start_us=100_000)]
    told = [
        Cue(5 * SECOND_US, 5 * SECOND_US, MOTION, began=True),
        Cue(9 * SECOND_US, 9 * SECOND_US, MOTION, began=False),
    ]
    recorder = play(new_take(Mode.CONTINUOUS), packets, told)

    (only,) = recorder.takes
    assert only.packets == packets[1:]
    assert only.end is None
    assert (only.begin.reason, only.begin.short) == ("continuous", False)
    assert recorder.marks == [Mark(MOTION, 5 * SECOND_US, began=True), Mark(MOTION, 9 * SECOND_US, began=False)]


def test_overlapping_events_make_one_take_that_lasts_until_the_last_is_over() -> None:
    told = [
        Cue(10 * SECOND_US, 10 * SECOND_US, MOTION, began=True),
        Cue(12 * SECOND_US, 12 * SECOND_US, "door", began=True),
        Cue(14 * SECOND_US, 14 * SECOND_US, MOTION, began=False),
        Cue(21 * SECOND_US, 21 * SECOND_US, "door", began=False),
    ]
    recorder = play(new_take(Mode.MOTION), list(stream(seconds=40)), told)

    (only,) = recorder.takes
    assert (only.begin.reason, only.begin.at_us) == (MOTION, 10 * SECOND_US)
    assert only.begin.pre_roll_got_s == 6.0
    assert only.end == End(Why.OVER, 26 * SECOND_US)
    assert [mark.name for mark in recorder.marks] == [MOTION, "door", MOTION, "door"]


def test_an_endless_event_is_one_take_without_end() -> None:
    told = [Cue(10 * SECOND_US, 10 * SECOND_US, "door", began=True)]
    recorder = play(new_take(Mode.MOTION), list(stream(seconds=600, fps=2)), told)

    assert [take.end for take in recorder.takes] == [None]
    assert recorder.takes[0].packets[-1].at_us == 599_500_000


def test_a_cue_that_needed_a_second_to_be_sure_still_gets_its_whole_pre_roll() -> None:
    told = [Cue(21_050_000, 20_050_000, MOTION, began=True)]
    recorder = play(new_take(Mode.MOTION), list(stream(seconds=30, keyframe_every=1)), told)

    (only,) = recorder.takes
    assert only.packets[0].at_us == 15_000_000
    assert (only.begin.pre_roll_got_s, only.begin.short) == (5.05, False)


def test_an_event_right_after_another_continues_it_without_a_hole() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()
    packets = list(stream(seconds=40))
    for packet in packets:
        if packet.at_us in (10 * SECOND_US, 15 * SECOND_US):
            recorder.do(take.pulse("button", packet.at_us))
        recorder.do(take.packets([packet]))

    first, second = recorder.takes
    assert first.end == End(Why.OVER, 14 * SECOND_US)
    assert (second.begin.continues, second.begin.pre_roll_got_s, second.begin.short) == (True, 1.0, False)
    assert first.packets + second.packets == packets[40:200]


def test_an_event_before_the_first_keyframe_asks_for_one_and_is_recorded_from_there() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()
    recorder.do(take.packets([picture(SECOND_US)]))
    recorder.do(take.pulse("button", SECOND_US))
    assert recorder.asked == 1

    # Even where the keyframe comes after the post-roll: something is better than nothing.
    recorder.do(take.packets([picture(2 * SECOND_US), late := picture(9 * SECOND_US, key=True)]))
    (only,) = recorder.takes
    assert only.packets == [late]
    assert (only.begin.reason, only.begin.pre_roll_got_s, only.begin.short) == ("button", 0.0, True)


def test_an_event_that_finds_the_ring_squeezed_empty_ends_the_idle_keyframes_first() -> None:
    take = Take(mode=Mode.KEYFRAMES_MOTION, started_us=0, limit_bytes=3)
    recorder = Recorder()
    recorder.do(take.packets([picture(n * 100_000, key=n == 0) for n in range(9)]))
    recorder.do(take.pulse("button", SECOND_US))
    recorder.do(take.packets([key := picture(2 * SECOND_US, key=True)]))

    idle, event = recorder.takes
    assert (idle.begin.rate, idle.end) == (Rate.KEYFRAMES, End(Why.EVENT, 2 * SECOND_US))
    assert (event.packets, event.begin.short) == ([key], True)


def test_a_door_that_stays_open_through_a_pause_is_recorded_again_after_it() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()
    recorder.do(take.packets(list(stream(seconds=8))))
    recorder.do(take.began("door", 8 * SECOND_US))
    recorder.do(take.began(MOTION, 8 * SECOND_US))
    recorder.do(take.pause(9 * SECOND_US))
    assert recorder.takes[0].end == End(Why.PAUSED, 9 * SECOND_US)
    assert take.pause(9 * SECOND_US) == []

    recorder.do(take.packets([picture(10 * SECOND_US, key=True)]))
    recorder.do(take.resume())
    assert take.resume() == []
    recorder.do(take.packets([picture(12 * SECOND_US), key := picture(13 * SECOND_US, key=True)]))
    assert recorder.asked == 1
    assert recorder.takes[1].packets == [key]
    assert (recorder.takes[1].begin.reason, recorder.takes[1].begin.short) == ("door", False)


def test_motion_that_goes_on_through_a_pause_is_recorded_after_it_and_motion_that_ended_is_not() -> None:
    for ends in (False, True):
        take, recorder = new_take(Mode.MOTION), Recorder()
        recorder.do(take.packets([picture(0, key=True)]))
        recorder.do(take.began(MOTION, 0))
        recorder.do(take.pause(SECOND_US))
        if ends:
            recorder.do(take.ended(MOTION, 2 * SECOND_US))
        recorder.do(take.resume())
        recorder.do(take.packets([picture(3 * SECOND_US, key=True)]))
        assert len(recorder.takes) == (1 if ends else 2)


def test_motion_does_not_outlast_a_camera_that_is_lost_during_a_pause() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()
    recorder.do(take.began(MOTION, 0))
    recorder.do(take.pause(0))
    recorder.do(take.camera_lost(SECOND_US))
    recorder.do(take.resume())
    recorder.do(take.packets([picture(60 * SECOND_US, key=True)]))
    assert recorder.takes == []


def test_a_button_pressed_before_a_pause_does_not_record_after_it() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()
    recorder.do(take.packets(list(stream(seconds=8))))
    recorder.do(take.pulse("button", 8 * SECOND_US))
    recorder.do(take.pause(8 * SECOND_US))
    recorder.do(take.resume())
    recorder.do(take.packets(list(stream(seconds=1, start_us=9 * SECOND_US))))
    assert len(recorder.takes) == 1


def test_an_event_goes_on_when_the_camera_comes_back_within_its_post_roll() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()
    recorder.do(take.packets(list(stream(seconds=8))))
    recorder.do(take.began(MOTION, 8 * SECOND_US))
    recorder.do(take.camera_lost(9 * SECOND_US))
    recorder.do(take.packets(list(stream(seconds=9, start_us=11 * SECOND_US))))

    before, after = recorder.takes
    assert before.end == End(Why.NO_CAMERA, 9 * SECOND_US)
    assert recorder.marks[-1] == Mark(MOTION, 9 * SECOND_US, began=False)
    assert (after.begin.reason, after.begin.short, after.begin.continues) == (MOTION, False, False)
    assert (after.packets[0].at_us, after.end) == (11 * SECOND_US, End(Why.OVER, 13 * SECOND_US))


def test_what_ended_without_having_begun_and_what_begins_twice_changes_nothing() -> None:
    take = new_take(Mode.MOTION)
    assert take.ended("door", 0) == []
    assert take.began("door", 0) == [AskKeyframe(), Mark("door", 0, began=True)]
    assert take.began("door", 1) == []


def test_idle_is_stated_at_least_every_thirty_seconds_and_says_why() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()

    def live(seconds: range, *, camera: bool) -> None:
        for second in seconds:
            if camera:
                recorder.do(take.packets([picture(second * SECOND_US, key=True)]))
            recorder.do(take.tick(second * SECOND_US))

    live(range(100), camera=False)
    live(range(100, 200), camera=True)
    recorder.do(take.pause(200 * SECOND_US))
    live(range(200, 300), camera=True)
    recorder.do(take.resume())
    live(range(300, 400), camera=True)

    times = [idle.at_us for idle in recorder.idles]
    assert max(b - a for a, b in zip([0, *times], [*times, 400 * SECOND_US], strict=True)) < 30 * SECOND_US
    for first, why in ((0, Why.NO_CAMERA), (105, Why.QUIET), (205, Why.PAUSED), (305, Why.QUIET)):
        assert {i.why for i in recorder.idles if first <= i.at_us / SECOND_US < first + 90} == {why}


def test_no_idle_is_stated_while_pictures_are_due_or_written() -> None:
    take, recorder = new_take(Mode.KEYFRAMES_MOTION), Recorder()
    for second in range(200):
        if second == 100:
            recorder.do(take.began("door", 100 * SECOND_US))
        recorder.do(take.packets([picture(second * SECOND_US, key=second % 20 == 0)]))
        recorder.do(take.tick(second * SECOND_US))
    assert recorder.idles == []

    continuous = new_take(Mode.CONTINUOUS)
    continuous.packets([picture(0)])
    assert continuous.tick(100 * SECOND_US) == []
