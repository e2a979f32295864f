"""What the recorder itself writes is what the verifier calls intact, also after faults and while it goes on."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from fakes.faulty import FaultyCalls
from fakes.recordings import feed, numbered, recording
from fakes.store_builder import BoxBuilder
from fakes.verifying import verified
from vigil.segments.sidecar import read_line, read_lines
from vigil.store.disk import Disk
from vigil.store.ingest import new_statements
from vigil.store.journal import Journal
from vigil.store.layout import segments_of
from vigil.store.verify import AbsentReport, SegmentReport, Verifier
from vigil.store.verify_journal import Known
from vigil.store.verify_paths import choose


def reports(video: Path) -> list[SegmentReport | AbsentReport]:
    """Verify the camera `gate`, all session keys in it taken for certified."""
    lines = (line for one in segments_of(video / "gate") for line in read_lines(one.seal.read_bytes()))
    known = Known(certified={read_line(line).key for line in lines})
    return list(Verifier(Disk(), None, known).verify(choose([video / "gate"])))


def verdicts(video: Path) -> list[str]:
    return [str(one.checked.finding.verdict) for one in reports(video) if isinstance(one, SegmentReport)]


def failures(video: Path) -> list[str]:
    return [str(one) for one in reports(video) if one.failure]


def test_what_was_recorded_and_stopped_is_ok(tmp_path: Path):
    made, clock = recording(tmp_path / "video")
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 250))
    assert verdicts(tmp_path / "video") == ["ok", "ok", "unfinished"]
    made.close("stopped")

    assert verdicts(tmp_path / "video") == ["ok", "ok", "ok"]


def test_what_was_killed_is_recovered_and_followed(tmp_path: Path):
    made, clock = recording(tmp_path / "video")
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 150))
    made.store.close()
    again, clock = recording(tmp_path / "video", clock=clock)
    again.begin("continuous", [numbered(0, clock.steady_us())])
    feed(again, clock, range(1, 30))
    again.close("stopped")

    assert verdicts(tmp_path / "video") == ["ok", "recovered", "ok"]
    assert failures(tmp_path / "video") == []


def test_what_the_recorder_deletes_it_accounts_for(tmp_path: Path):
    made, clock = recording(tmp_path / "video")
    made.begin("continuous", [numbered(0, clock.steady_us())])
    feed(made, clock, range(1, 450))
    for seq in (1, 2, 3):
        made.delete(seq, "space")
    feed(made, clock, range(450, 700))
    made.delete(4, "space")
    made.close("stopped")

    absent = [one.absent for one in reports(tmp_path / "video") if isinstance(one, AbsentReport)]
    assert [(one.first, one.last, str(one.absence)) for one in absent] == [(1, 4, "deleted")]
    assert failures(tmp_path / "video") == []


@pytest.mark.parametrize("mode", ["EIO", "ENOSPC", "short"])
def test_no_fault_of_the_disk_makes_a_recording_look_tampered_with(tmp_path: Path, mode: str):
    for nth in count(1, 7):
        calls = FaultyCalls(nth, mode=mode)
        video = tmp_path / str(nth) / "video"
        video.parent.mkdir()
        made, clock = recording(video, disk=Disk(calls))
        made.begin("continuous", [numbered(0, clock.steady_us())])
        feed(made, clock, range(1, 150))
        made.close("stopped")
        assert failures(video) == [], nth
        if not calls.fired:
            break
    assert nth > 15


def test_what_guard_enters_is_what_the_verifier_asks_for(tmp_path: Path):
    box = BoxBuilder(tmp_path)
    for kind in (box.camera().quiet, box.camera().media, box.camera().media):
        kind()
    box.camera().media(end="recovered", tail=b"torn")
    box.camera().quiet(deletes=[2])
    guard = box.session()
    with Journal.open(
        Disk(), box.journal, clock=box.clock, random_bytes=box.random, device_id=box.identity.key.name.split("/")[1],
        signer=guard.note_signer(box.identity.key.name),
    ) as journal:  # fmt: skip
        journal.append("session.certified", {"session": "", "cert": guard.certificate}, clock_trust="synced")
        bad: list[object] = []
        entered = list(
            new_statements(
                Disk(), box.video, "front", (0, -1), is_durable=lambda _: True, on_bad=lambda *what: bad.append(what)
            )
        )
        assert bad == []
        journal.append_many(entered, clock_trust="synced")
        (tmp_path / "held").write_text(journal.checkpoint() or "")
    found = verified(tmp_path, identity=box.identity.key, journal=box.journal, checkpoints=[tmp_path / "held"])

    assert found.intact
    assert found.anchored == {"front/1", "front/3", "front/4", "front/5"}
    assert found.absent == {"front/2-2": "deleted"}
