"""
A whole box whose world goes wrong: cameras, disks, files and the owner's own mistakes, one after the other.

Real processes in real time; what they say of themselves is listened to, and
what they left is judged as a stranger would.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.box import Box, end, film_fingerprints, fragments_in, pictures_in, until
from fakes.ear import Ear, disk_fault, in_state, recording, told
from fakes.footage import footage
from fakes.handed_over import span_us, waits_us
from fakes.loop_disk import LoopDisk
from fakes.noise import Noise
from fakes.rtsp_server import RtspServer, endless_line, launch_line
from vigil.segments.sidecar import Statement, read_line, read_lines
from vigil.store.index_read import IndexReader
from vigil.store.layout import SegmentPath

pytestmark = [
    pytest.mark.slow,  # real processes, and faults that take their time
    pytest.mark.host,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("faults"),
]

MOTION_OFF = '[camera.motion]\nmethod = "off"\n'
DEMO = f"""
[[camera]]
id = "demo"
source = "synthetic"
width = 320
height = 240
fps = 25
bit_rate_kbps = 800
{MOTION_OFF}"""
LOSS_US = 2_000_000
SEGMENTS = "[recording]\nsegment_s = 10\n"


@contextmanager
def running(box: Box) -> Iterator[tuple[subprocess.Popen[bytes], Ear]]:
    """`vigil run`, and somebody who listens; ended by SIGTERM, and killed where that does not help."""
    process = box.start("run")
    try:
        with Ear(box.data) as ear:
            yield process, ear
        ended(process)
    finally:
        end(process)


def record_a_while(box: Box) -> str:
    """Let it run until new pictures are durable, and end it; return its log, all of it."""
    with running(box) as (_, ear):
        ear.until(recording("demo"), within_s=60)
    return log_of(box)


def ended(process: subprocess.Popen[bytes], *, within_s: float = 30) -> float:
    """End it as a service manager does; return the seconds it took."""
    begun_s = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=within_s) == 0
    return time.monotonic() - begun_s


def media(box: Box, camera: str = "demo") -> list[SegmentPath]:
    return [segment for segment in box.segments(camera) if segment.media.exists()]


def check_everything(box: Box, camera: str = "demo") -> None:
    """Every file opens with `age`; a stranger and the invariants find nothing wrong."""
    assert media(box, camera)
    for segment in media(box, camera):
        opened = subprocess.run(["age", "-d", "-i", box.data / "owner.agekey", segment.media], capture_output=True)
        assert opened.returncode == 0, (segment, opened.stderr)
        assert pictures_in(opened.stdout)
    verified = box.ask("verify", str(box.video))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    checked = box.ask("check", "--data", str(box.data))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def log_of(box: Box) -> str:
    return (box.data / "log").read_text()


# Cameras


def camera(name: str, url: str) -> str:
    return f'[[camera]]\nid = "{name}"\nsource = "rtsp"\nurl = "{url}"\nread_timeout_s = 4\n{MOTION_OFF}'


def test_a_camera_in_misery_is_recorded_again_and_disturbs_no_other(tmp_path):
    film = footage("h264", frames=90 * 25, fps=25)
    small, large = endless_line(), endless_line(width=640, height=480)
    with (
        RtspServer({"/film": launch_line(film)}) as good,
        RtspServer({"/cam": small}) as bad,
        Noise() as noise,
    ):
        cameras = [camera("steady", good.url("/film")), camera("fragile", bad.url("/cam"))]
        cameras += [camera("garbage", f"rtsp://127.0.0.1:{noise.port}/x")]
        box = Box(tmp_path / "box", "\n".join(cameras), SEGMENTS)
        with running(box) as (_, ear):
            ear.until(recording("fragile"))
            ear.until(in_state("garbage", "lost"))
            bad.stop()
            ear.until(in_state("fragile", "lost"))
            bad.start({"/cam": large})
            ear.until(recording("fragile"), within_s=60)
            bad.stop()
            ear.until(in_state("fragile", "lost"))
            assert ear.until(recording("steady"))

    found = [one for segment in media(box, "steady") for one in pictures_in(box.plaintext(segment))]
    served = film_fingerprints(film)
    start = served.index(found[0])
    assert found == served[start : start + len(found)], "the misery of others cost it a picture"
    assert len(found) > 6 * 25
    assert [s for s in box.statements("steady") if s.type == "gap"] == []

    said = box.statements("fragile")
    sizes = [s.fields["codec"]["width"] for s in said if s.type == "opened" and s.fields["kind"] == "media"]
    assert sizes == sorted(sizes)
    assert set(sizes) == {320, 640}
    gaps = [s.fields for s in said if s.type == "gap"]
    assert [("to_us" in gap) for gap in gaps] == [False, True, False], "opened, closed, and opened again"
    assert all(gap["why"] for gap in gaps)
    assert gaps[1]["from_us"] == gaps[0]["from_us"] < gaps[1]["to_us"]

    assert media(box, "garbage") == []
    (lost,) = (s.fields for s in box.statements("garbage") if s.type == "gap")
    assert lost["why"]
    for name in ("steady", "fragile"):
        check_everything(box, name)
    journaled = {e["camera"] for e in box.journal() if e["kind"] == "gap"}
    assert journaled == {"fragile", "garbage"}


# Files


def lose(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def entries(box: Box, kind: str) -> list[dict]:
    return [entry for entry in box.journal() if entry["kind"] == kind]


def test_index_journal_configuration_and_state_are_lost_one_after_the_other_and_it_goes_on(tmp_path):
    box = Box(tmp_path / "box", DEMO, SEGMENTS)
    record_a_while(box)
    first = media(box)

    for index in (box.data / "state").glob("index-*"):
        lose(index)
    record_a_while(box)
    (index,) = (box.data / "state").glob("index-*.sqlite")
    with IndexReader.read(index) as reader:
        known = {row.seq for row in reader.segments("demo", 0, 1 << 53) if row.sha256}
    assert known == {segment.seq for segment in media(box)}, "the index was made again by itself"
    assert len(known) > len(first)

    before = entries(box, "journal.opened")
    sealed = [e["segment"] for e in entries(box, "segment.sealed")]
    lose(box.data / "state/journal")
    record_a_while(box)
    (opened,) = entries(box, "journal.opened")
    assert opened["origin"] != before[0]["origin"], "a new log with a new origin"
    assert opened["loss"]
    assert [known["origin"] for known in opened["known"]] == [before[0]["origin"]]
    again = [e["segment"] for e in entries(box, "segment.sealed") if e.get("recovered")]
    assert again == sealed, "what sidecars prove is entered again, and marked"
    assert [e["segment"] for e in entries(box, "segment.sealed") if not e.get("recovered")]
    assert "journal's past" in log_of(box)
    check_everything(box)

    (box.data / "vigil.toml").write_text('schema = 1\n[[camera]\nid = "demo')
    seqs = len(media(box))
    log = record_a_while(box)
    assert len(media(box)) > seqs
    assert "used instead: the configuration that was last applied well" in log
    assert entries(box, "config.applied")[-1]["faults"] > 0
    check_everything(box)

    (box.data / "vigil.toml").unlink()
    lose(box.data / "state")
    seqs = len(media(box))
    log = record_a_while(box)
    assert len(media(box)) > seqs, "what the video store last knew is enough to go on"
    assert "from the video store" in log
    assert pictures_in(box.plaintext(media(box)[-1])), "for the same owner"


def test_a_configuration_that_breaks_while_it_runs_breaks_nothing(tmp_path):
    box = Box(tmp_path / "box", DEMO, SEGMENTS)
    with running(box) as (_, ear):
        ear.until(recording("demo"))
        (box.data / "vigil.toml").write_bytes(b"\xff\x00[[[")
        for _ in range(5):
            ear.until(recording("demo"))

    assert [s for s in box.statements("demo") if s.type == "gap"] == []
    check_everything(box)


def test_a_signer_that_hangs_keeps_no_picture_waiting(tmp_path):
    box = Box(tmp_path / "box", DEMO, SEGMENTS)
    record_a_while(box)
    before = {s.key for s in box.statements("demo")}

    def flushed() -> list[Statement]:
        return [s for s in box.statements("demo") if s.type == "flushed" and s.key not in before]

    (box.data / "run").mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hung:
        hung.bind(str(box.data / "run/signer.sock"))
        hung.listen(16)
        process = box.start("record")
        try:
            until(lambda: len(flushed()) >= 5)
            ended(process)
        finally:
            end(process)

    assert not [s for s in box.statements("demo") if "cert" in s.fields and s.key not in before]
    begun = [one for one in media(box) if read_line(read_lines(one.seal.read_bytes())[0]).key not in before]
    waited_us = [wait_us for one in begun for wait_us in waits_us(one, box.plaintext(one))]
    assert max(waited_us) <= LOSS_US


# The owner


def test_a_pause_is_at_once_survives_a_restart_and_ends_and_the_log_level_changes_meanwhile(tmp_path):
    box = Box(tmp_path / "box", DEMO, SEGMENTS)
    data = ("--data", str(box.data))
    with running(box) as (_, ear):
        ear.until(recording("demo"))
        assert box.ask("log-level", "error", *data).returncode == 0
        assert box.ask("pause", "demo", *data).returncode == 0
        paused_us = time.time_ns() // 1000
        ear.until(in_state("demo", "paused"))
        assert box.ask("log-level", "debug", *data).returncode == 0
    quiet_log = log_of(box)
    with running(box) as (_, ear):
        for _ in range(4):
            ear.until(in_state("demo", "paused"))
        assert box.ask("pause", "nowhere", *data).returncode == 1
        resumed_us = time.time_ns() // 1000
        assert box.ask("resume", "demo", *data).returncode == 0
        ear.until(recording("demo"))

    said = box.statements("demo")
    assert [s.type for s in said if s.type in ("paused", "resumed")] == ["paused", "resumed"]
    assert all("command line" in s.fields["who"] for s in said if s.type in ("paused", "resumed"))
    begun_us = sorted(begins_of(box))
    assert [us for us in begun_us if us <= paused_us]
    assert [us for us in begun_us if paused_us < us <= resumed_us] == [], "nothing of the pause was kept"
    assert [us for us in begun_us if us > resumed_us]
    assert {e["kind"] for e in box.journal()} >= {"recording.paused", "recording.resumed"}
    assert "level=debug" in quiet_log
    assert "recording was stopped" in str([s.fields.get("why") for s in said])
    check_everything(box)


def begins_of(box: Box) -> Iterator[int]:
    """When pictures of the box arrived (wall clock): the first of each fragment, and the last of each flush."""
    for segment in media(box):
        for fragment in fragments_in(box.plaintext(segment)):
            assert fragment.wall_us
            yield fragment.wall_us
        lines = [read_line(line) for line in read_lines(segment.seal.read_bytes())]
        yield from (line.fields["end_us"] for line in lines if line.type in ("flushed", "sealed"))


# The disk


@pytest.fixture
def disk(tmp_path) -> Iterator[LoopDisk]:
    made = LoopDisk(tmp_path / "disk.img", tmp_path / "box/video")
    made.mount()
    yield made
    subprocess.run(["umount", "--lazy", made.mounted_at], stderr=subprocess.DEVNULL)


def test_a_disk_that_fails_is_unplugged_and_comes_back_costs_no_picture(tmp_path, disk):
    box = Box(tmp_path / "box", DEMO, f"{SEGMENTS}[storage]\nreserve_bytes = 1048576\nfree_start_bytes = 2097152\n")
    with running(box) as (process, ear):
        ear.until(recording("demo"))
        recorded_us = time.time_ns() // 1000

        disk.fail()
        ear.until(disk_fault("demo", "Read-only"))
        ear.until(told("Read-only"))
        disk.unplug()
        ear.until(disk_fault("demo", "right disk mounted"))
        disk.mend()
        disk.mount()
        ear.until(recording("demo"), within_s=40)

        disk.unplug()
        ear.until(disk_fault("demo", "right disk mounted"))
        ear.until(told("right disk mounted"))
        assert list(disk.mounted_at.iterdir()) == [], "nothing is written where the disk should be"
        disk.mount()
        ear.until(recording("demo"), within_s=40)

        failed_us = time.time_ns() // 1000
        disk.fail()
        ear.until(disk_fault("demo", "Read-only"))
        assert ended(process, within_s=20) < 20
    disk.unplug()
    disk.mend()
    disk.mount()
    record_a_while(box)

    spans = sorted(spans_of(box))
    assert [s.fields for s in box.statements("demo") if s.type == "gap" and "pictures" in s.fields] == []
    covered_us = newest_us = recorded_us
    for from_us, to_us, came_us in spans:
        if from_us <= covered_us + 200_000:
            covered_us, newest_us = max(covered_us, to_us), max(newest_us, came_us)
    assert newest_us >= failed_us - LOSS_US, "what was handed over earlier than that was durable when the disk failed"
    check_everything(box)


def spans_of(box: Box) -> Iterator[tuple[int, int, int]]:
    """From when to when each segment has pictures by the camera's timetable, and when the last of them came."""
    for segment in media(box):
        *_, end = (read_line(line) for line in read_lines(segment.seal.read_bytes()))
        yield *span_us(box.plaintext(segment)), end.fields["end_us"]
