"""
Real footage from a real RTSP server, two minutes in every mode, all at once in one `vigil run`.

What is found on the disk is opened with other people's programs and compared,
picture by picture, with what the server served.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pyrage
import pytest

from fakes.box import Box, film_fingerprints, pictures_in
from fakes.footage import cache, footage, vtest
from fakes.rtsp_server import RtspServer, launch_line

# Two minutes of a real server in real time: nothing makes them shorter.
pytestmark = [pytest.mark.slow, pytest.mark.host, pytest.mark.timeout(600), pytest.mark.xdist_group("footage")]

SECONDS = 125
FPS = 25
PRE_ROLL_S = 4
FULL = {
    "plain": "h264", "long-gop": "h264-long-gop", "b-frames": "h264-bframes", "h265": "h265", "vfr": "vfr",
    "sound": "h264-aac",
}  # fmt: skip
EVENTS = {"motion": "motion", "keys": "keyframes+motion"}


@dataclass
class Ran:
    box: Box
    films: dict[str, Path]
    log: str


def quiet_and_busy() -> Path:
    """The square, held still between two walks: 15 s still, 20 s walk, 45 s still, 20 s walk, 40 s still."""
    made = cache() / "quiet-and-busy-2.mp4"
    if not made.exists():
        half = made.with_name("half-" + made.name)
        still = "loop=loop=-1:size=1:start=0,setpts=N/(25*TB)"
        walk = "settb=1/90000,setpts=N/(25*TB),trim=start_frame={}:end_frame={},setpts=PTS-STARTPTS"
        graph = (
            f"[0:v]split=5[a][b][c][d][e];[a]{still},trim=end_frame=375[A];[b]{walk.format(0, 500)}[B];"
            f"[c]trim=start_frame=499,setpts=PTS-STARTPTS,{still},trim=end_frame=1125[C];[d]{walk.format(100, 600)}[D];"
            f"[e]trim=start_frame=599,setpts=PTS-STARTPTS,{still},trim=end_frame=1000[E];[A][B][C][D][E]concat=n=5[v]"
        )
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", "-i", vtest(), "-filter_complex", graph, "-map", "[v]", "-r", "25",
             "-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "50", "-keyint_min", "50",
             "-sc_threshold", "0", half],
            check=True,
        )  # fmt: skip
        half.rename(made)
    return made


def camera(name: str, url: str, mode: str) -> str:
    return (
        f'[[camera]]\nid = "{name}"\nsource = "rtsp"\nurl = "{url}"\nmode = "{mode}"\npre_roll_s = {PRE_ROLL_S}\n'
        f"post_roll_s = 3\naudio = {'true' if name == 'sound' else 'false'}\n"
        f'[camera.motion]\nmethod = "{"off" if mode == "continuous" else "blocks"}"\n'
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> Iterator[Ran]:
    frames = (SECONDS + 15) * FPS
    films = {name: footage(variant, frames=frames, fps=FPS) for name, variant in FULL.items()}
    films |= dict.fromkeys(EVENTS, quiet_and_busy())
    mounts = {
        f"/{name}": launch_line(film, codec="h265" if name == "h265" else "h264", audio=name == "sound")
        for name, film in films.items()
    }
    with RtspServer(mounts) as server:
        modes = {**dict.fromkeys(FULL, "continuous"), **EVENTS}
        cameras = "\n".join(camera(name, server.url(f"/{name}"), mode) for name, mode in modes.items())
        box = Box(tmp_path_factory.mktemp("footage"), cameras, "[recording]\nsegment_s = 30\n")
        yield Ran(box, films, box.run(SECONDS))


def media(ran: Ran, name: str):
    return [segment for segment in ran.box.segments(name) if segment.media.exists()]


@pytest.mark.parametrize("name", [*FULL, *EVENTS])
def test_every_file_opens_with_age_and_decodes_without_a_word(ran, name, tmp_path):
    segments = media(ran, name)
    assert len(segments) >= (4 if name in FULL else 2), ran.log
    for segment in segments:
        opened = subprocess.run(["age", "-d", "-i", ran.box.data / "owner.agekey", segment.media], capture_output=True)
        assert opened.returncode == 0, opened.stderr
        theirs = pyrage.x25519.Identity.from_str(ran.box.owner.text())
        assert pyrage.decrypt(segment.media.read_bytes(), [theirs]) == opened.stdout
        (tmp_path / "x.mp4").write_bytes(opened.stdout)
        decoded = subprocess.run(
            ["ffmpeg", "-v", "warning", "-i", tmp_path / "x.mp4", "-f", "null", "-"], capture_output=True, text=True
        )
        assert (decoded.returncode, decoded.stderr) == (0, "")


def stands_in(found: list[str], served: list[str]) -> bool:
    """Whether `found` is a run of `served`; pictures of a scene that stands still may well be alike."""
    return any(served[at : at + len(found)] == found for at, one in enumerate(served) if one == found[0])


@pytest.mark.parametrize("name", FULL)
def test_continuous_recording_has_every_picture_served_in_order(ran, name):
    served = film_fingerprints(ran.films[name])
    found = [one for segment in media(ran, name) for one in pictures_in(ran.box.plaintext(segment))]

    start = served.index(found[0])
    assert found == served[start : start + len(found)]
    assert len(found) >= (SECONDS - 25) * FPS * (5 / 6 if name == "vfr" else 1)


@pytest.mark.parametrize("name", EVENTS)
def test_events_hold_every_picture_from_their_pre_roll_on(ran, name):
    served = film_fingerprints(ran.films[name])
    opened = {s.fields["seq"]: s for s in ran.box.statements(name) if s.type == "opened"}
    events = []
    for segment in media(ran, name):
        fields = opened[segment.seq].fields
        found = pictures_in(ran.box.plaintext(segment))
        if fields.get("rate", "full") == "full":
            assert stands_in(found, served), "a picture is missing within an event"
            if "pre_roll_ms" in fields:
                events.append(fields["pre_roll_ms"])
        else:
            assert all(one in served for one in found)

    assert len(events) >= 2, "both walks are events"
    assert min(events) >= PRE_ROLL_S * 1000, "the pre-roll is guaranteed"


def test_sound_is_kept_where_it_was_asked_for(ran, tmp_path):
    whole = media(ran, "sound")[1]
    (tmp_path / "x.mp4").write_bytes(ran.box.plaintext(whole))
    probed = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "a", "-count_packets", "-show_entries",
         "stream=codec_name,nb_read_packets", "-of", "csv=p=0", tmp_path / "x.mp4"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    name, packets = probed.stdout.strip().split(",")
    assert name == "aac"
    assert 28 * 16_000 / 1024 < int(packets) < 33 * 16_000 / 1024


def test_both_walks_were_seen_and_the_still_time_was_not_recorded(ran):
    marks = [s.fields["state"] for s in ran.box.statements("motion") if s.type == "motion"]
    frames = sum(s.fields["frames"] for s in ran.box.statements("motion") if s.type == "sealed")

    assert marks.count("began") >= 2
    assert 40 * FPS <= frames <= 80 * FPS


def test_idle_time_is_stated(ran):
    said = ran.box.statements("motion")
    idle = [s for s in said if s.type == "idle"]

    assert idle
    steady = sorted(s.steady_us for s in said)
    assert max(b - a for a, b in pairwise(steady)) <= 30_000_000


def test_a_stranger_finds_all_of_it_intact(ran):
    done = ran.box.ask("verify", str(ran.box.data / "video"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert ran.box.ask("check", "--data", str(ran.box.data)).returncode == 0


def test_the_journal_has_every_segment(ran):
    kinds = {}
    for entry in ran.box.journal():
        kinds.setdefault(entry["kind"], []).append(entry)
    sealed = {(e["camera"], e["segment"]) for e in kinds["segment.sealed"]}

    for name in [*FULL, *EVENTS]:
        assert {(name, segment.seq) for segment in media(ran, name)} <= sealed
    assert len(kinds["session.certified"]) >= len(FULL) + len(EVENTS) + 1
