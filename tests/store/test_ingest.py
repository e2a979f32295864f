"""From sidecars to entries: each statement once, in order, and what is not right is left out and reported."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fakes.faulty import BadSectors
from fakes.recordings import feed, numbered, recording
from vigil.clock import HandClock
from vigil.segments.age import b64
from vigil.segments.session import Session
from vigil.segments.sidecar import Statement, read_line, read_lines
from vigil.store.camera_store import CameraStore
from vigil.store.disk import Disk
from vigil.store.ingest import Cursor, Happened, Line, new_statements
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.marker import make_store

Bad = list[tuple[int, int]]


def take_in(
    video: Path, cursor: Cursor = (0, -1), *, bad: Bad | None = None, disk: Disk | None = None, durable: bool = True
) -> list[Happened]:
    def on_bad(segment: SegmentPath, line: int, why: str) -> None:
        assert why
        assert bad is not None, f"line {line} of {segment.stem}: {why}"
        bad.append((segment.seq, line))

    found = new_statements(disk or Disk(), video, "gate", cursor, is_durable=lambda _: durable, on_bad=on_bad)
    return list(found)


def after(happened: Happened) -> Cursor:
    return happened[1]["stated_in"], happened[1]["line"]


def kinds(happened: list[Happened]) -> list[str]:
    return [kind for kind, _ in happened]


@pytest.fixture
def video(tmp_path) -> Path:
    """Three segments of a life with everything in it."""
    made, clock = recording(tmp_path, segment_s=4)
    made.say("idle", mode="motion", state="waiting")
    made.begin("motion", [numbered(0, clock.steady_us())], pre_roll_ms=0)
    feed(made, clock, range(1, 20))
    made.say("motion", state="began", area_pm=12, when_us=clock.wall_us())
    made.say("gap", from_us=1, to_us=2, why="the camera went", pictures=3)
    made.say("clock", step_us=-7, trust="stepped")
    made.say("paused", who="the owner")
    made.say("resumed", who="the owner")
    made.say("event", name="door", state="began", when_us=clock.wall_us())
    made.say("marked", seq=1, why="it differs")
    feed(made, clock, range(20, 50))
    made.delete(1, "too old")
    made.close("stopped")
    return tmp_path


def lines_of(segment: SegmentPath) -> list[bytes]:
    return read_lines(segment.seal.read_bytes())


def statements(segment: SegmentPath) -> list[Statement]:
    return [read_line(line) for line in lines_of(segment)]


def test_every_statement_that_matters_becomes_an_entry_in_its_order(video):
    assert kinds(take_in(video)) == [
        "segment.opened", "motion.began", "gap", "clock.stepped", "recording.paused", "recording.resumed",
        "event.began", "segment.marked", "segment.sealed", "segment.opened", "segment.deleted", "segment.sealed",
    ]  # fmt: skip


def test_entries_say_what_the_statements_said(video):
    found: dict[str, dict[str, Any]] = dict(reversed(take_in(video)))
    second = segments_of(video / "gate")[0]
    *_, sealed = statements(second)

    assert (second.seq, found["segment.opened"]["segment"]) == (2, 2)
    assert found["segment.opened"]["path"] == str((second.directory / second.stem).relative_to(video))
    assert found["segment.opened"]["media"] is True
    assert found["segment.sealed"]["last"] == sealed.digest
    assert found["segment.sealed"]["sha256"] == sealed.fields["sha256"]
    assert found["segment.sealed"]["bytes"] == second.media.stat().st_size
    assert found["segment.sealed"]["ended_us"] == sealed.fields["end_us"]
    assert found["gap"].items() >= {"from_us": 1, "to_us": 2, "why": "the camera went", "pictures": 3}.items()
    assert found["clock.stepped"]["step_us"] == -7
    assert found["recording.paused"]["who"] == "the owner"
    assert found["event.began"]["name"] == "door"
    assert found["motion.began"]["when_us"] < found["segment.sealed"]["ended_us"]
    deleted = found["segment.deleted"]
    assert (deleted["segment"], deleted["stated_in"], deleted["reason"]) == (1, 3, "too old")


def test_wherever_the_cursor_stands_what_comes_behind_it_is_taken_in_once(video):
    everything = take_in(video)
    for number, happened in enumerate(everything):
        assert take_in(video, after(happened)) == everything[number + 1 :]


def test_what_is_being_written_is_taken_in_as_far_as_it_is_whole(tmp_path):
    made, clock = recording(tmp_path, segment_s=60)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 20))
    first = take_in(tmp_path)
    made.say("motion", state="began", area_pm=1)
    second = take_in(tmp_path, after(first[-1]))
    assert (kinds(first), kinds(second)) == (["segment.opened"], ["motion.began"])

    (segment,) = segments_of(tmp_path / "gate")
    made.say("motion", state="ended", area_pm=1)
    data = segment.seal.read_bytes().rstrip(b"\0")
    segment.seal.write_bytes(data[:-3])
    assert take_in(tmp_path, after(second[-1])) == [], "a torn line was never acknowledged"
    segment.seal.write_bytes(data)
    assert kinds(take_in(tmp_path, after(second[-1]))) == ["motion.ended"]


def test_a_line_that_nothing_follows_waits_until_it_is_durable(video):
    """A recorder may still take it back: only what it goes on behind stands."""
    everything = take_in(video)
    (before, newest) = segments_of(video / "gate")
    lines = lines_of(newest)
    assert kinds(take_in(video, durable=False)) == kinds(everything)[:-1], "all but how the newest was sealed"

    newest.seal.write_bytes(lines[0] + b"\n")
    assert kinds(take_in(video, durable=False))[-1] == "segment.sealed", "the next sidecar follows the one before"
    newest.seal.write_bytes(b"")
    assert kinds(take_in(video, durable=False))[-1] == "segment.marked"
    newest.seal.write_bytes(b"\n".join(lines[:2]) + b"\n")
    assert kinds(take_in(video, durable=False))[-1] == "segment.opened", "what follows need not be durable itself"
    assert before.seal.exists()


def test_nobody_is_asked_about_a_line_that_is_no_entry(tmp_path):
    made, _ = recording(tmp_path)
    made.say("idle", mode="motion", state="waiting")
    asked: list[Line] = []

    def is_durable(line: Line) -> bool:
        asked.append(line)
        return False

    list(new_statements(Disk(), tmp_path, "gate", (0, -1), is_durable=is_durable, on_bad=lambda *_: None))
    made.say("paused", who="the owner")
    list(new_statements(Disk(), tmp_path, "gate", (0, -1), is_durable=is_durable, on_bad=lambda *_: None))
    made.close("stopped")

    assert [(segment.seq, number) for segment, number, _ in asked] == [(1, 2)]


def test_statements_of_single_flushes_are_no_entries_and_not_even_looked_at(video):
    second = segments_of(video / "gate")[0]
    lines = lines_of(second)
    flushed = [n for n, line in enumerate(lines) if b'"type":"flushed"' in line]
    assert len(flushed) >= 2
    expected = take_in(video)
    forged = [line.replace(b'"sig":"', b'"sig":"A') if n in flushed else line for n, line in enumerate(lines)]
    second.seal.write_bytes(b"\n".join(forged) + b"\n")

    assert take_in(video) == expected, "their signatures are for the verifier"


def test_a_bad_line_is_reported_and_the_rest_is_taken_in_all_the_same(video):
    everything = take_in(video)
    second = segments_of(video / "gate")[0]
    lines = lines_of(second)
    at = next(n for n, line in enumerate(lines) if b'"type":"gap"' in line)
    lines[at] = lines[at].replace(b"the camera went", b"nothing at all!")
    second.seal.write_bytes(b"\n".join(lines) + b"\n")

    bad: Bad = []
    assert take_in(video, bad=bad) == [one for one in everything if one[0] != "gap"]
    assert bad == [(second.seq, at)]
    behind: Bad = []
    take_in(video, (second.seq, at), bad=behind)
    assert behind == [], "what the cursor has passed is not reported again"


def test_a_sidecar_that_cannot_be_read_is_reported_and_the_next_one_is_taken_in(video):
    second, third = segments_of(video / "gate")
    bad: Bad = []

    found = take_in(video, bad=bad, disk=Disk(BadSectors(second.seal)))

    assert bad == [(second.seq, 0)]
    assert {fields["stated_in"] for _, fields in found} == {third.seq}


def test_an_opening_that_is_bad_does_not_hide_what_follows(video):
    second = segments_of(video / "gate")[0]
    lines = lines_of(second)
    lines[0] = b"{" + lines[0]
    second.seal.write_bytes(b"\n".join(lines) + b"\n")
    bad: Bad = []

    found = take_in(video, bad=bad)

    assert bad == [(second.seq, 0)]
    assert kinds(found)[:2] == ["motion.began", "gap"]
    assert next(fields for kind, fields in found if kind == "segment.sealed")["started_us"] > 0


def test_certificates_are_entries_whether_they_come_at_once_or_late(tmp_path):
    make_store(Disk(), tmp_path, os.urandom)
    session = Session(os.urandom)
    store = CameraStore(Disk(), tmp_path, "gate", session=session, clock=HandClock(), boot="boot")
    store.open()
    store.begin("quiet", why="no pictures are due", trust="synced")
    session.certificate = "a note"
    store.say_certificate()
    store.end_quiet(why="done")
    store.begin("quiet", why="no pictures are due", trust="synced")
    store.end_quiet(why="done")
    store.close()

    found = take_in(tmp_path)

    assert kinds(found) == [
        "segment.opened", "session.certified", "segment.sealed", "session.certified", "segment.opened",
        "segment.sealed",
    ]  # fmt: skip
    certified = [fields for kind, fields in found if kind == "session.certified"]
    assert {(fields["session"], fields["cert"]) for fields in certified} == {(b64(session.public), "a note")}


def test_a_recovered_segment_says_what_was_lost_behind_it(tmp_path):
    made, clock = recording(tmp_path, segment_s=60)
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 30))
    made.store.close()
    (segment,) = segments_of(tmp_path / "gate")
    with segment.media.open("ab") as file:
        file.write(bytes(1000))
    again, _ = recording(tmp_path, boot="next")
    again.close("stopped")

    fields = next(fields for kind, fields in take_in(tmp_path) if kind == "segment.recovered")

    assert fields["tail_bytes"] == 1000
    assert fields["damaged"] is False
    assert fields["frames"] > 10


def test_nothing_to_take_in_where_there_is_no_camera(tmp_path):
    assert take_in(tmp_path) == []
