"""What holds for a take on any day: any stream, any events, told late, with pauses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fakes.takes import DAYS, POST_US, PRE_S, PRE_US, Cue, Day, Recorded, Recorder, is_key, new_take, play
from vigil.frames.instructions import Mode, Rate
from vigil.frames.packet import Packet


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
