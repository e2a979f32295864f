"""Recording on a disk that fails: nothing durable is lost, and it goes on by itself."""

from __future__ import annotations

from itertools import count, pairwise
from pathlib import Path

import pytest

from fakes.box import fragments_in
from fakes.faulty import FaultyCalls
from fakes.recordings import feed, numbered, plaintext_of, recorded, recording
from vigil.clock import HandClock
from vigil.segments.sidecar import read_line, read_lines
from vigil.store.disk import Calls, Disk
from vigil.store.layout import segments_of


def statements(video: Path, camera: str = "gate") -> list:
    """Every statement of a camera in the order of its chain; a broken chain fails the test."""
    found = []
    for segment in segments_of(video / camera):
        data = segment.seal.read_bytes()
        lines = [read_line(line) for line in read_lines(data)]
        assert [line.n for line in lines] == list(range(len(lines)))
        found += lines
    for before, after in pairwise(found):
        assert after.prev == before.digest, "the chain is broken"
    return found


class SlowCalls(Calls):
    """A card that takes a fifth of a second for every sync."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock

    def fdatasync(self, fd: int) -> None:
        self._clock.forward_us(200_000)
        super().fdatasync(fd)

    def fsync(self, fd: int) -> None:
        self._clock.forward_us(200_000)
        super().fsync(fd)


def test_where_one_file_ends_and_the_next_begins_a_slow_card_costs_no_more_than_promised(tmp_path):
    clock = HandClock()
    made, _ = recording(tmp_path / "video", disk=Disk(SlowCalls(clock)), clock=clock, segment_s=5)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 50))
    in_danger_us = []
    for number in range(50, 200):
        durable_us = made.durable_at_us
        feed(made, clock, range(number, number + 1))
        if made.durable_at_us != durable_us:
            assert durable_us is not None
            in_danger_us.append(clock.steady_us() - durable_us)

    assert len(made.sealed) >= 4
    assert max(in_danger_us) <= 2_000_000


def test_what_waited_through_a_fault_is_durable_as_soon_as_that_is_over(tmp_path):
    calls = FaultyCalls(0, lasting=True)
    made, clock = recording(tmp_path / "video", disk=Disk(calls))
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 30))
    calls.nth = calls.seen + 1
    feed(made, clock, range(30, 60))
    assert made.fault
    newest_us = clock.steady_us()
    calls.heal()
    clock.forward_us(60_000_000)
    made.tick()

    assert made.fault is None
    # The newest picture alone may wait: nobody knows yet how long it lasts.
    assert made.durable_at_us is not None and made.durable_at_us >= newest_us - 100_000


def test_what_is_recorded_is_found_again_in_order_and_whole(tmp_path):
    made, clock = recording(tmp_path / "video")
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 355))
    made.close("stopped")

    found = list(recorded(tmp_path / "video"))

    assert [n for _, numbers in found for n in numbers] == list(range(355))
    assert len(found) == 4  # ten seconds each, and the rest
    assert all(numbers[0] % 10 == 0 for _, numbers in found)
    kinds = [s.type for s in statements(tmp_path / "video")]
    assert kinds.count("sealed") == 4
    assert made.fault is None


def test_every_picture_is_durable_within_the_promised_time(tmp_path):
    made, clock = recording(tmp_path / "video")
    made.begin("continuous", [numbered(0, clock.steady_us())])
    worst = 0
    for number in range(1, 200):
        feed(made, clock, range(number, number + 1))
        if made.durable_at_us:
            worst = max(worst, clock.steady_us() - made.durable_at_us)

    assert 0 < worst <= 2_000_000


def test_a_flush_begins_while_some_of_the_promised_time_is_left(tmp_path):
    """Also with the first pictures of a segment, which begins with a flush of its own."""
    made, clock = recording(tmp_path / "video")
    start_us = clock.steady_us()
    made.begin("continuous", [numbered(0, start_us)])
    feed(made, clock, range(1, 400))

    waited_us = []
    before = frames = 0
    for said in statements(tmp_path / "video"):
        if said.type == "opened":
            before, frames = before + frames, 0
        elif said.type == "flushed":
            waited_us.append(said.steady_us - start_us - (before + frames) * 100_000)
            frames = said.fields["frames"]
    assert len(waited_us) > 20
    assert 0 < max(waited_us) <= 1_650_001


def test_a_slow_stream_waits_longer_and_keeps_the_promise(tmp_path):
    made, clock = recording(tmp_path / "video")
    made.begin("continuous", [numbered(0, clock.steady_us(), size_bytes=100)])
    flushes = []
    for number in range(1, 400):
        clock.forward_us(100_000)
        made.append([numbered(number, clock.steady_us(), size_bytes=100)])
        made.tick()
        flushes.append(made.durable_at_us)

    gaps = [b - a for a, b in pairwise(sorted({f for f in flushes if f}))]
    assert max(gaps) <= 2_000_000
    assert len(gaps) < 32  # a fast one would have flushed forty times


@pytest.mark.parametrize("pictures", range(1, 25))
def test_what_is_stated_to_be_recorded_lasts_as_long_as_the_file_says(tmp_path, pictures):
    """Also where the last fragment holds a single picture, of which nobody knows how long it lasts."""
    made, clock = recording(tmp_path / "video")
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, pictures))
    made.close("stopped")

    (segment,) = [one for one in segments_of(tmp_path / "video/gate") if one.media.exists()]
    fragments = fragments_in(plaintext_of(segment.media))
    begun = done = 0
    for said in statements(tmp_path / "video"):
        if said.type != "flushed":
            continue
        inside = [one for one in fragments if done <= one.video[0].dts < said.fields["media"]]
        assert inside, "a flush without a picture of its own"
        begun, done = begun + len(inside), said.fields["media"]
        assert done == inside[-1].video[-1].dts + inside[-1].video[-1].duration
    assert begun == len(fragments)


def test_statements_outside_of_a_take_stand_in_a_quiet_sidecar(tmp_path):
    made, clock = recording(tmp_path / "video")
    made.say("idle", mode="motion", state="waiting")
    made.begin("motion", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 30))
    made.end("nothing moves any more")
    made.say("idle", mode="motion", state="waiting")
    made.close("stopped")

    said = statements(tmp_path / "video")
    assert [s.fields["kind"] for s in said if s.type == "opened"] == ["quiet", "media", "quiet"]
    assert [s.fields["seq"] for s in said if s.type == "opened"] == [1, 2, 3]


def test_a_deletion_is_stated_before_it_is_done_and_a_hold_stops_it(tmp_path):
    made, clock = recording(tmp_path / "video")
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 300))
    first, second = segments_of(tmp_path / "video/gate")[:2]
    second.keep.write_text("{}")
    made.delete(first.seq, "too old")
    made.delete(second.seq, "too old")
    made.close("stopped")

    assert not first.media.exists()
    assert not first.seal.exists()
    assert second.media.exists()
    deleted = [s.fields for s in statements(tmp_path / "video")[1:] if s.type == "deleted"]
    assert [d["seq"] for d in deleted] == [first.seq]


def script(video: Path, calls: FaultyCalls) -> tuple[int, bool]:
    """Seven seconds of a camera's life with everything in it. Returns the last picture and whether all is well."""
    made, clock = recording(video, disk=Disk(calls), segment_s=4)
    made.say("idle", mode="continuous", state="starting")
    made.begin("continuous", [numbered(0, clock.steady_us())], pre_roll_ms=0)
    feed(made, clock, range(1, 30))
    made.say("motion", state="began", area_pm=12)
    feed(made, clock, range(30, 62))
    made.delete(1, "too old")
    feed(made, clock, range(62, 71))
    made.end("over")
    calls.heal()
    for _ in range(40):
        clock.forward_us(2_500_000)
        made.tick()
    made.say("idle", mode="continuous", state="over")
    well = made.fault is None
    made.close("stopped")
    return 70, well


def check(video: Path, last: int) -> None:
    found = list(recorded(video))
    numbers = {n for _, ns in found for n in ns}
    assert numbers == set(range(last + 1)), "a picture was lost"
    for _, ns in found:
        assert ns == sorted(set(ns))
        assert ns[0] % 10 == 0, "a segment begins without a keyframe"
    said = statements(video)
    assert all(segment.media.exists() <= segment.seal.exists() for segment in segments_of(video / "gate"))
    assert len([s for s in said if s.type == "motion"]) == 1, "a statement was lost or made twice"


# A recording for each operation that fails: one kind of fault is enough to see that nothing is broken.
@pytest.mark.parametrize(
    "mode", ["EIO", *(pytest.param(m, marks=pytest.mark.slow) for m in ("ENOSPC", "short", "EROFS"))]
)
@pytest.mark.parametrize(
    "lasting",
    # a disk that stays bad is a minute of operations, each of which is tried again and again
    [pytest.param(False, id="once"), pytest.param(True, id="until-healed", marks=pytest.mark.slow)],
)
def test_whichever_operation_fails_recording_goes_on_and_nothing_is_lost(tmp_path, mode, lasting):
    for nth in count(1):
        video = tmp_path / f"{nth}"
        calls = FaultyCalls(nth, mode=mode, lasting=lasting)

        last, well = script(video, calls)

        if not calls.fired:
            break
        assert well, f"operation {nth} ({calls.befell}): recording did not go on"
        try:
            check(video, last)
        except AssertionError as error:
            raise AssertionError(f"operation {nth} ({calls.befell}) failed: {error}") from error
    assert nth > 20
