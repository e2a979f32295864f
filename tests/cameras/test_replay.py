"""A film in place of a camera."""

import subprocess
import sys
from itertools import pairwise

import pytest

from fakes.footage import footage, vtest
from vigil.cameras.container import Container
from vigil.cameras.film import access_units
from vigil.cameras.replay import BURST_US, ReplaySource
from vigil.cameras.source import Wishes
from vigil.clock import HandClock
from vigil.errors import CameraEnded, CameraLost
from vigil.frames.nal import join_annexb, split_annexb
from vigil.frames.packet import Luma, Packet
from vigil.segments.mp4_file import Mp4File

FRAMES = 50
NAMES = ("h264", "h264-bframes", "h265", "h264-ts", "h264-mkv", "h264-raw", "h264-slices", "h265-raw", "vfr")


def opened(name, *, clock=None, loop=False, pace=True, luma=False, audio=False, **more):
    wishes = Wishes(luma=luma, audio=audio)
    return ReplaySource(footage(name), clock or HandClock(), wishes=wishes, loop=loop, pace=pace, **more)


def whole(source):
    got = []
    with pytest.raises(CameraEnded):
        while True:
            got += source.read(1)
    source.close()
    return got


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_of_the_file_comes_once(name):
    got = whole(opened(name))
    assert len(got) == FRAMES
    assert got[0].key
    assert all(a.dts < b.dts for a, b in pairwise(got))
    assert {packet.codec.name for packet in got} == {"h265" if "265" in name else "h264"}


@pytest.mark.parametrize("name", ["h264", "h264-bframes", "h265-bframes", "h264-aac", "vfr"])
def test_an_mp4_read_without_ffmpeg_gives_the_same(name):
    def said(packets):
        first = min(packet.dts for packet in packets if not packet.audio)
        return [(p.data, p.pts - first, p.dts - first, p.key, p.codec, p.audio) for p in packets if p.dts >= first]

    ours = whole(opened(name, audio=True, open_mp4=Mp4File))
    theirs = whole(opened(name, audio=True))
    assert [x for x in said(ours) if not x[-1]] == [x for x in said(theirs) if not x[-1]]
    assert [x[0] for x in said(ours) if x[-1]] == [x[0] for x in said(theirs) if x[-1]]


def test_it_plays_at_its_own_pace():
    clock = HandClock()
    source = opened("h264", clock=clock)
    began_us = clock.steady_us()
    got = []
    while len(got) < FRAMES:
        got += source.read(0.05)
        assert len(got) <= (clock.steady_us() - began_us) // 40_000 + 1
    assert clock.steady_us() - began_us <= FRAMES * 40_000 + BURST_US
    assert [packet.at_us - began_us for packet in got] == [n * 40_000 for n in range(FRAMES)]


def test_reading_it_when_it_is_due_never_waits():
    clock = HandClock()
    source = opened("h264", clock=clock, open_mp4=Mp4File)
    got = []
    while len(got) < FRAMES:
        clock.forward_us(source.due_us() - clock.steady_us())
        before_us = clock.steady_us()
        items = source.read(1)
        assert items, "it said that there is something"
        assert clock.steady_us() == before_us
        got += items
    assert source.due_us() <= clock.steady_us()
    assert whole(source) == []


def test_nothing_comes_before_its_time():
    source = opened("h264", clock=HandClock())
    assert len(source.read(0.05)) == 2  # at 0 and 40 ms


def test_without_a_pace_no_time_passes():
    clock = HandClock()
    began_us = clock.steady_us()
    assert len(whole(opened("h264", clock=clock, pace=False))) == FRAMES
    assert clock.steady_us() == began_us


@pytest.mark.parametrize("name", ["h264", "h264-bframes", "h264-raw"])
def test_a_loop_begins_again_without_a_seam(name):
    source = opened(name, loop=True, pace=False)
    got = []
    while len(got) < 3 * FRAMES:
        got += source.read(1)
    got = got[: 3 * FRAMES]
    assert {b.dts - a.dts for a, b in pairwise(got)} == {3600}
    assert [packet.data for packet in got[:FRAMES]] == [packet.data for packet in got[FRAMES : 2 * FRAMES]]
    assert got[FRAMES].key


def test_sound_loops_with_the_pictures():
    source = opened("h264-aac", loop=True, pace=False, audio=True)
    got = []
    while sum(not packet.audio for packet in got) < 2 * FRAMES:
        got += source.read(1)
    sound = [packet for packet in got if packet.audio]
    assert len(sound) > 40
    assert all(a.dts < b.dts for a, b in pairwise(sound))


def test_sound_stays_out_unless_it_is_asked_for():
    assert not [packet for packet in whole(opened("h264-aac")) if packet.audio]


def test_motion_pictures_come_from_keyframes():
    got = whole(opened("h264", luma=True))
    seen = [item for item in got if isinstance(item, Luma)]
    keys = [item for item in got if isinstance(item, Packet) and item.key]
    assert [luma.at_us for luma in seen] == [packet.at_us for packet in keys]
    assert len(seen) == 2
    assert (seen[0].width, seen[0].height) == (640, 480)


def test_a_film_in_another_codec_is_refused_with_the_command_that_helps():
    with pytest.raises(CameraLost, match=r"only H\.264 and H\.265.*convert it: ffmpeg -i vtest\.avi -c:v libx264"):
        ReplaySource(vtest(), HandClock(), wishes=Wishes())


def test_a_missing_film_is_a_lost_camera(tmp_path):
    for name in ("none.mp4", "none.h264"):
        with pytest.raises(CameraLost, match=f"the file {name}"):
            ReplaySource(tmp_path / name, HandClock(), wishes=Wishes())


@pytest.mark.parametrize("name", ["junk.mp4", "junk.h264", "junk.mkv"])
@pytest.mark.parametrize("content", [b"", bytes(range(1, 256)) * 40])
def test_junk_is_a_lost_camera(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    for open_mp4 in (None, Mp4File):
        with pytest.raises(CameraLost, match=f"the file {name}"):
            ReplaySource(tmp_path / name, HandClock(), wishes=Wishes(), open_mp4=open_mp4)


def test_a_film_that_breaks_off_is_lost_where_it_does(tmp_path):
    data = footage("h264").read_bytes()
    assert data.find(b"moov") > len(data) // 2  # so that cutting the end would lose the table
    quick = tmp_path / "whole.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", footage("h264"), "-c", "copy", "-movflags", "faststart", quick], check=True
    )
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(quick.read_bytes()[: len(data) // 2])
    source = ReplaySource(cut, HandClock(), wishes=Wishes(), loop=False, open_mp4=Mp4File)
    got = []
    with pytest.raises(CameraLost, match=r"the file cut\.mp4 cannot be played"):
        while True:
            got += source.read(1)
    source.close()
    assert 0 < len(got) < FRAMES


def test_a_closed_film_reads_nothing():
    source = opened("h264")
    source.close()
    source.close()
    assert source.read(1) == ()


@pytest.mark.parametrize(("name", "open_mp4"), [("h264", "Mp4File"), ("h264-raw", "None")])
def test_ffmpeg_is_not_loaded_to_record_a_film(name, open_mp4):
    program = f"""
import sys
from pathlib import Path
from vigil.cameras.replay import ReplaySource
from vigil.cameras.source import Wishes
from vigil.clock import HandClock
from vigil.segments.mp4_file import Mp4File
source = ReplaySource(Path({str(footage(name))!r}), HandClock(), wishes=Wishes(), open_mp4={open_mp4})
assert source.read(1)
assert not {{"av", "numpy", "cv2"}} & set(sys.modules), sorted(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": "firmware"})


@pytest.mark.parametrize("name", ["h264-raw", "h264-slices", "h265-raw"])
def test_a_byte_stream_is_cut_where_pictures_begin(name):
    units = split_annexb(footage(name).read_bytes())
    pictures = list(access_units(units, name[:4]))
    assert len(pictures) == FRAMES
    assert [unit for picture in pictures for unit in picture] == units


def test_a_byte_stream_joined_late_begins_at_its_first_keyframe(tmp_path):
    pictures = list(access_units(split_annexb(footage("h264-raw").read_bytes()), "h264"))
    sets = [unit for unit in pictures[0] if unit[0] & 31 in (7, 8)]
    late = tmp_path / "late.h264"
    late.write_bytes(b"".join(map(join_annexb, (sets, *pictures[1:]))))

    got = whole(ReplaySource(late, HandClock(), wishes=Wishes(), loop=False))
    assert len(got) == FRAMES // 2
    assert got[0].key
    assert got[0].dts == 0

    container = Container(str(late), HandClock(), called="the clip")
    first = []
    while not first:
        first = container.read()
    container.close()
    assert first[0].key
