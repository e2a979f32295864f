"""Nothing gets into the journal that the disk it was read from could still lose."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from itertools import count

import pytest

from fakes.diaries import box, diary, kinds, record
from fakes.faulty import FaultyCalls
from fakes.recordings import feed, numbered, recording
from vigil.clock import HandClock
from vigil.processes.place import Place
from vigil.segments.sidecar import read_line, read_lines
from vigil.store.disk import Calls, Disk
from vigil.store.ingest import new_statements
from vigil.store.journal_read import read_logs
from vigil.store.layout import segments_of


@pytest.fixture
def place(tmp_path) -> Place:
    return box(tmp_path)


class Looking(Calls):
    """The recorder's disk: somebody looks at what is written just before each sync, and the Nth sync fails."""

    def __init__(self, look: Callable[[], object], nth: int) -> None:
        self._look = look
        self._nth = nth
        self.seen = 0

    def fdatasync(self, fd: int) -> None:
        self.seen += 1
        self._look()
        if self.seen == self._nth:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


def stated(place: Place) -> list[tuple[str, int, int, int]]:
    """What the sidecars say now, as entries: kind, sidecar, line and moment."""
    fresh = new_statements(
        Disk(), place.video, "gate", (0, -1), is_durable=lambda _: True, on_bad=lambda *bad: pytest.fail(str(bad))
    )
    return [(kind, said["stated_in"], said["line"], said["stated_us"]) for kind, said in fresh]


def entered(place: Place) -> list[tuple[str, int, int, int]]:
    return [
        (one.kind, one.fields["stated_in"], one.fields["line"], one.fields["stated_us"])
        for one in read_logs(place.journal)[-1].entries()
        if "line" in one.fields
    ]


def test_whichever_sync_of_a_recorder_fails_the_journal_says_what_its_sidecars_say(tmp_path):
    for nth in count(1):
        place = box(tmp_path / str(nth))
        clock = HandClock()
        open_diary = diary(place, clock)
        calls = Looking(open_diary.take_in, nth)
        made, _ = recording(place.video, disk=Disk(calls), clock=clock, segment_s=2)
        made.say("idle", mode="motion", state="waiting")
        made.begin("motion", [numbered(0, clock.steady_us())])
        made.say("motion", state="began", area_pm=1)
        feed(made, clock, range(1, 26))
        made.say("motion", state="ended", area_pm=1)
        made.say("paused", who="the owner")
        open_diary.take_in()
        made.close("stopped")
        open_diary.take_in()
        open_diary.close()

        assert entered(place) == stated(place), f"sync {nth} failed"
        assert {"motion.began", "motion.ended", "recording.paused", "segment.sealed"} <= set(kinds(place))
        if calls.seen < nth:
            break
    assert nth > 15


def test_a_recovery_whose_sync_fails_is_made_again_and_entered_once(tmp_path):
    """The first attempt must not be believed because its line can be read."""
    for nth in count(1):
        place = box(tmp_path / str(nth))
        clock = HandClock()
        record(place.video, clock, range(40)).store.close()
        open_diary = diary(place, clock)
        calls = Looking(open_diary.take_in, nth)
        again, _ = recording(place.video, disk=Disk(calls), clock=clock, boot="next")
        for _ in range(3):
            again.tick()
        *_, last = read_lines(segments_of(place.video / "gate")[0].seal.read_bytes())
        assert read_line(last).type == "recovered"
        again.close("stopped")
        open_diary.take_in()
        open_diary.close()

        assert entered(place) == stated(place)
        assert kinds(place).count("segment.recovered") == 1
        if calls.seen < nth:
            break
    assert nth > 3, "the pictures, the line before and its own"


def test_what_a_recorder_says_last_is_entered_as_soon_as_it_announces_that_it_is_durable(place):
    clock = HandClock()
    made = record(place.video, clock, range(20))
    open_diary = diary(place, clock)
    made.say("paused", who="the owner")
    open_diary.take_in()
    assert "recording.paused" not in kinds(place)
    segment, line = made.store.stated
    open_diary.take_in({"gate"}, announced={(made.store.store, "gate"): (segment, line - 1)})
    open_diary.take_in({"gate"}, announced={("0" * 32, "gate"): (segment, line)})
    assert "recording.paused" not in kinds(place), "that was said of another disk"

    open_diary.take_in({"gate"}, announced={(made.store.store, "gate"): (segment, line)})
    assert kinds(place)[-1] == "recording.paused"
    open_diary.close()
    made.close("stopped")


def test_what_a_recorder_that_is_gone_said_last_is_made_durable_first(place):
    clock = HandClock()
    made = record(place.video, clock, range(20))
    made.say("paused", who="the owner")
    calls = FaultyCalls(0, mode="EIO", lasting=True, only={"pwrite", "fdatasync"})
    open_diary = diary(place, clock, disk=Disk(calls))
    made.store.close()  # killed
    open_diary.take_in({"gate"})
    assert "recording.paused" not in kinds(place), "this is for when everybody is looked at"
    calls.nth, calls.seen = 1, 0
    assert open_diary.take_in() == 0
    assert "cannot write to" in open_diary.waiting["gate"]
    calls.heal()

    open_diary.take_in()
    assert open_diary.waiting == {}
    open_diary.close()
    assert kinds(place)[-1] == "recording.paused"
