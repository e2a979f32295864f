"""What those who decide about forgetting are told of the segments there are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.faulty import BadSectors
from fakes.recordings import feed, numbered, recording
from vigil.clock import HandClock
from vigil.clock.trust import Trust
from vigil.segments.sidecar import Statement, read_line, read_lines
from vigil.store.disk import Disk
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.retention import Kept, Rules, for_days
from vigil.store.shelf import Shelf

DAY_US = 86_400_000_000
NOW_US = 1_770_000_000_000_000
RULES = Rules(free_start_bytes=1, free_target_bytes=1, keep_days=30, youngest_s=1)


@pytest.fixture
def video(tmp_path) -> Path:
    return tmp_path / "video"


def record(video: Path, *, wall_us: int, trust: str = "synced", seconds: int = 25, stop: bool = True) -> None:
    """Record segments of ten seconds; without `stop` the process dies in the middle."""
    made, clock = recording(video, clock=HandClock(wall_us=wall_us), segment_s=10)
    made.trust = trust
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, seconds * 10))
    if stop:
        made.close("stopped")
    else:
        made.store.close()


def shelf(video: Path) -> Shelf:
    return Shelf(Disk(), video)


def path_of(video: Path, kept: Kept) -> SegmentPath:
    return next(path for path in segments_of(video / kept.camera) if path.seq == kept.seq)


def last_said(path: SegmentPath) -> Statement:
    return read_line(read_lines(path.seal.read_bytes())[-1])


def forgotten(video: Path, *, now_us: int) -> list[int]:
    return [one.seq for one, _ in for_days(shelf(video).kept(), rules=RULES, now_us=now_us, days_count=True)]


def test_times_sizes_and_trust_are_those_of_the_sidecar(video):
    record(video, wall_us=NOW_US)

    first, second, third = shelf(video).kept()

    assert (first.camera, first.seq, first.clock, first.held) == ("gate", 1, Trust.SYNCED, False)
    path = path_of(video, first)
    assert first.size_bytes == path.media.stat().st_size + path.seal.stat().st_size
    assert 9_000_000 <= first.ended_us - first.started_us <= 10_000_000
    assert NOW_US <= first.started_us < second.started_us < third.started_us


def test_a_finished_sidecar_is_read_once_and_a_hold_is_seen_at_once(video):
    record(video, wall_us=NOW_US)
    looked = shelf(video)
    before = looked.kept()
    path_of(video, before[0]).seal.write_bytes(b"nobody reads this again")
    path_of(video, before[1]).keep.touch()

    after = looked.kept()

    assert after[0] == before[0]
    assert [one.held for one in after] == [False, True, False]


def test_one_that_is_still_written_is_read_every_time_and_counts_until_its_last_statement(video):
    made, clock = recording(video, clock=HandClock(wall_us=NOW_US), segment_s=60)
    made.trust = "synced"
    made.begin("continuous", [numbered(0, clock.steady_us())])
    looked = shelf(video)
    feed(made, clock, range(1, 50))
    (early,) = looked.kept()
    feed(made, clock, range(50, 200))
    (late,) = looked.kept()

    assert NOW_US < early.ended_us < late.ended_us <= clock.wall_us()
    assert early.size_bytes < late.size_bytes
    made.close("stopped")


def test_what_was_recorded_offline_is_not_forgotten_when_the_clock_comes_right(video):
    """The segment being written has no end yet: that is no proof that all before it ended in 1970."""
    for day in range(5):
        record(video, wall_us=NOW_US - (5 - day) * DAY_US, trust="unsynced")
    made, clock = recording(video, clock=HandClock(wall_us=NOW_US), segment_s=60)
    made.trust = "synced"
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 50))

    assert len(shelf(video).kept()) == 16
    assert forgotten(video, now_us=NOW_US + 5_000_000) == []
    assert forgotten(video, now_us=NOW_US + 31 * DAY_US) == list(range(1, 16)), (
        "all are older than what is recorded now"
    )
    made.close("stopped")


def test_a_recovery_under_a_wrong_clock_does_not_age_what_it_mended(video):
    record(video, wall_us=NOW_US, stop=False, seconds=25)
    made, _ = recording(video, clock=HandClock(wall_us=NOW_US - 3650 * DAY_US))
    made.close("stopped")

    *_, mended = shelf(video).kept()
    assert last_said(path_of(video, mended)).type == "recovered"
    assert mended.ended_us >= NOW_US


def test_a_segment_mended_before_its_first_flush_ended_when_it_began(video):
    made, clock = recording(video, clock=HandClock(wall_us=NOW_US))
    made.trust = "synced"
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 8))
    made.store.close()
    assert [segment.media.exists() for segment in segments_of(video / "gate")] == [False]
    made, _ = recording(video, clock=HandClock(wall_us=NOW_US - 3650 * DAY_US))
    made.close("stopped")

    (mended,) = shelf(video).kept()
    assert mended.ended_us == mended.started_us
    assert NOW_US <= mended.ended_us <= NOW_US + 1_000_000


def test_a_sidecar_without_a_readable_end_is_not_taken_for_an_old_one(video):
    record(video, wall_us=NOW_US - DAY_US)
    record(video, wall_us=NOW_US)
    broken = segments_of(video / "gate")[0]
    data = broken.seal.read_bytes()
    broken.seal.write_bytes(data[:-20] + b"\xff" + data[-19:])

    assert shelf(video).kept()[0].clock is Trust.UNSYNCED
    assert forgotten(video, now_us=NOW_US + DAY_US) == []


def test_what_cannot_be_read_is_left_out_and_the_rest_is_told(video):
    record(video, wall_us=NOW_US)
    lost = segments_of(video / "gate")[1]

    found = Shelf(Disk(BadSectors(lost.seal)), video).kept()

    assert [one.seq for one in found] == [1, 3]


def test_every_camera_is_told_and_nothing_where_there_is_no_store(video, tmp_path):
    record(video, wall_us=NOW_US)
    (video / "yard/2026/02/02").mkdir(parents=True)
    made, _ = recording(video, clock=HandClock(wall_us=NOW_US), camera="yard")
    made.say("idle", mode="motion", state="waiting")
    made.close("stopped")

    assert [(one.camera, one.seq) for one in shelf(video).kept()] == [
        ("gate", 1),
        ("gate", 2),
        ("gate", 3),
        ("yard", 1),
    ]
    assert shelf(tmp_path / os.urandom(4).hex()).kept() == []
