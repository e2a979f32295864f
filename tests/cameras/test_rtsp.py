"""A real RTSP server, real footage: what was served is what was read."""

import os
import signal
import subprocess
import sys
import threading
import time
from functools import cache
from itertools import pairwise

import pytest

from fakes.footage import footage
from fakes.noise import BadLine, Noise, Silence
from fakes.repository import PACKAGE
from fakes.rtsp_server import RtspServer, endless_line, launch_line
from fakes.sources import read_to_the_end
from vigil.cameras.backoff import Backoff
from vigil.cameras.container import Container
from vigil.cameras.keeper import Keeper, Stage
from vigil.cameras.libavcodec import library
from vigil.cameras.rtsp import RtspSource
from vigil.cameras.source import Wishes
from vigil.clock import SystemClock
from vigil.errors import CameraEnded, CameraLost
from vigil.frames.packet import Luma, Packet

FRAMES = 60
FPS = 100  # real footage, only shown quickly: what takes 2.4 s on the wall takes 0.6 s here
CLIPS = ("h264", "h264-long-gop", "h264-bframes", "h265", "h265-bframes", "vfr", "h264-small")
CLOCK = SystemClock()


@pytest.fixture(scope="module")
def server():
    mounts = {
        f"/{name}": launch_line(
            footage(name, frames=FRAMES, fps=FPS), codec="h265" if "h265" in name else "h264", audio="aac" in name
        )
        for name in (*CLIPS, "h264-aac")
    }
    mpeg4 = footage("mpeg4", frames=FRAMES, fps=FPS)
    mounts["/mpeg4"] = f"( filesrc location={mpeg4} ! qtdemux ! mpeg4videoparse ! rtpmp4vpay name=pay0 pt=96 )"
    h264 = footage("h264-small", frames=FRAMES, fps=FPS)
    # MPEG-TS, as some encoders send it, is none of ours.
    mounts["/ts"] = f"( filesrc location={h264} ! qtdemux ! h264parse ! mpegtsmux ! rtpmp2tpay name=pay0 pt=33 )"
    mounts["/endless"] = endless_line()
    with RtspServer(mounts) as running:
        yield running


def opened(url, *, luma=False, audio=False, **more):
    return RtspSource(url, CLOCK, wishes=Wishes(luma=luma, audio=audio), **more)


@pytest.fixture(scope="module")
def recorded(server):
    """Read each clip once, however many tests look at it."""
    return cache(lambda name: read_to_the_end(opened(server.url(f"/{name}"))))


def pictures(items):
    return [item for item in items if isinstance(item, Packet) and not item.audio]


@pytest.mark.parametrize("name", CLIPS)
def test_every_picture_that_was_served_arrives_once(recorded, name):
    got, reason = recorded(name)

    packets = pictures(got)
    assert len(packets) == FRAMES
    assert reason.endswith("ended the stream")
    assert packets[0].key
    assert packets[0].dts == 0
    assert all(a.dts < b.dts for a, b in pairwise(packets))
    assert all(packet.pts >= packet.dts for packet in packets)
    assert {packet.codec.name for packet in packets} == {name[:4] if name[0] == "h" else "h264"}


@pytest.mark.parametrize("name", ["h264", "h265", "h264-aac"])
def test_ffmpeg_is_not_needed_to_receive(server, name):
    source = opened(server.url(f"/{name}"), audio="aac" in name)
    assert "received by" not in source.describe()
    source.close()


def test_what_our_client_does_not_know_is_received_by_ffmpeg(server):
    source = opened(server.url("/ts"))
    got = source.read(1)
    while not pictures(got):
        got = source.read(1)
    assert pictures(got)[0].codec.name == "h264"
    assert source.describe()["received by"].startswith("FFmpeg (rtsp://127.0.0.1")
    source.close()


@pytest.mark.parametrize("name", ["h264", "h264-bframes", "h265-bframes"])
def test_pictures_are_shown_at_the_pace_they_were_filmed(recorded, name):
    got, _ = recorded(name)
    shown = sorted(packet.pts for packet in pictures(got))
    assert {b - a for a, b in pairwise(shown)} == {90_000 // FPS}


def test_a_varying_pace_is_kept(recorded):
    got, _ = recorded("vfr")
    shown = sorted(packet.pts for packet in pictures(got))
    assert {b - a for a, b in pairwise(shown)} == {900, 1800}


def test_pictures_are_bit_for_bit_those_of_the_file(recorded):
    file = Container(str(footage("h264", frames=FRAMES, fps=FPS)), CLOCK, called="the clip")
    stored = []
    with pytest.raises(CameraEnded):
        while True:
            stored += file.read()
    file.close()
    got, _ = recorded("h264")
    assert [packet.data for packet in pictures(got)] == [packet.data for packet in stored]


def test_sound_comes_when_it_is_asked_for(server):
    got, _ = read_to_the_end(source := opened(server.url("/h264-aac"), audio=True))
    sound = [item for item in got if isinstance(item, Packet) and item.audio]
    assert len(pictures(got)) == FRAMES
    assert len(sound) >= 8  # 0.6 s of 64 ms each
    assert all(a.dts < b.dts for a, b in pairwise(sound))
    assert source.describe()["sound"] == "AAC, 16000 Hz"


def test_a_silent_camera_says_so_and_records(server):
    got, _ = read_to_the_end(source := opened(server.url("/h264"), audio=True))
    assert len(pictures(got)) == FRAMES
    assert source.describe()["sound"] == "the camera sends no sound"


def test_without_a_wish_nothing_is_decoded(recorded):
    got, _ = recorded("h264")
    assert not [item for item in got if isinstance(item, Luma)]


def test_motion_pictures_come_from_keyframes(server):
    name = "h264-small"
    got, _ = read_to_the_end(source := opened(server.url(f"/{name}"), luma=True))
    seen = [item for item in got if isinstance(item, Luma)]
    keys = [packet for packet in pictures(got) if packet.key]
    assert len(seen) == len(keys) > 0
    assert all(luma.key and len(luma.grey) == luma.width * luma.height == 320 * 240 for luma in seen)
    assert [luma.at_us for luma in seen] == [packet.at_us for packet in keys]
    assert source.describe()["motion pictures"] == "keyframes of the main stream"


def test_the_sub_stream_shows_more_than_keyframes(server):
    source = opened(server.url("/endless"), luma=True, sub_url=server.url("/endless"))
    seen = []
    while not any(not luma.key for luma in seen):
        seen += [item for item in source.read(1) if isinstance(item, Luma)]
    assert source.describe()["motion pictures"] == "the sub-stream"
    source.close()


# Looks until a picture of the sub-stream was seen, and one of the main stream; says what was loaded for it.
LOOKING = """
import sys
from vigil.cameras.rtsp import RtspSource
from vigil.cameras.source import Wishes
from vigil.clock import SystemClock
from vigil.frames.packet import Luma
for more in ({"sub_url": sys.argv[1]}, {}):
    source = RtspSource(sys.argv[1], SystemClock(), wishes=Wishes(luma=True), **more)
    while not any(isinstance(item, Luma) for item in source.read(1)):
        pass
    source.close()
print(sorted({"av", "numpy", "cv2"} & set(sys.modules)))
"""


def test_a_camera_that_our_own_client_knows_is_watched_without_pyav(server):
    if library() is None:
        pytest.skip("PyAV brings no libavcodec of a known version here")

    command = [sys.executable, "-c", LOOKING, server.url("/endless")]
    done = subprocess.run(command, env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_sub_stream_need_not_be_one_that_could_be_recorded(server):
    source = opened(server.url("/endless"), luma=True, sub_url=server.url("/mpeg4"))
    seen = []
    while not any((luma.width, luma.height) != (320, 240) for luma in seen):
        seen += [item for item in source.read(1) if isinstance(item, Luma)]
    assert all(len(luma.grey) == luma.width * luma.height for luma in seen)
    source.close()


def test_without_its_sub_stream_the_keyframes_of_the_main_one_are_looked_at(server):
    source = opened(server.url("/endless"), luma=True, sub_url=server.url("/nowhere"))
    got = []
    while not any(isinstance(item, Luma) for item in got):
        got += source.read(1)
    assert all(item.key for item in got if isinstance(item, Luma))
    assert len(pictures(got)) > 1
    described = source.describe()["motion pictures"]
    assert described.startswith("keyframes of the main stream (sub-stream: rtsp://127.0.0.1")
    assert "no stream of this name" in described
    source.close()


def test_another_codec_is_refused_with_what_to_do(server):
    with pytest.raises(
        CameraLost, match=r"has mpeg4 pictures, but only H\.264 and H\.265 are recorded: set the camera"
    ):
        opened(server.url("/mpeg4"))


def test_a_stream_that_is_not_there_is_named(server):
    with pytest.raises(CameraLost, match="/nowhere is not there: the camera knows no stream of this name"):
        opened(server.url("/nowhere"))


def test_nobody_at_the_address_is_said():
    with Silence() as taken:
        free = taken.port
    with pytest.raises(CameraLost, match=f"nothing answers at rtsp://127.0.0.1:{free}/"):
        opened(f"rtsp://127.0.0.1:{free}/x")


@pytest.mark.parametrize("password", ["", "wr0ng-Secret"])
def test_a_wrong_password_is_said_and_not_shown(password):
    with RtspServer({"/m": launch_line(footage("h264", frames=FRAMES, fps=FPS))}, user="joe", password="sesame") as shy:
        with pytest.raises(CameraLost) as caught:
            opened(shy.url("/m", user="joe" if password else "", password=password))
        assert "refuses the user name or the password" in str(caught.value)
        told = repr(caught.value) + repr(caught.value.__cause__) + repr(caught.value.__context__)
        assert not password or password not in told
        source = opened(shy.url("/m", user="joe", password="sesame"))
        assert "sesame" not in str(source.describe())
        got, reason = read_to_the_end(source)
        assert len(pictures(got)) == FRAMES
        assert "sesame" not in reason


def test_noise_on_the_port_is_no_camera():
    with Noise() as noise, pytest.raises(CameraLost, match=r"sends garbage|did not answer properly within 1 s"):
        opened(f"rtsp://127.0.0.1:{noise.port}/x", connect_timeout_s=1)


def test_silence_on_the_port_times_out():
    with Silence() as silence, pytest.raises(CameraLost, match=r"did not answer properly within 0\.3 s"):
        opened(f"rtsp://127.0.0.1:{silence.port}/x", connect_timeout_s=0.3)


def test_a_line_that_turns_to_noise_is_a_lost_camera(server):
    port = int(server.url("/").split(":")[-1].strip("/"))
    with BadLine(port, good_bytes=60_000) as line:
        source = opened(f"rtsp://127.0.0.1:{line.port}/endless", read_timeout_s=1)
        got, reason = read_to_the_end(source)
    assert pictures(got)
    assert "no picture for 1 s" in reason or "garbage" in reason or "cannot be read" in reason


def test_a_server_that_dies_is_a_lost_camera():
    with RtspServer({"/m": endless_line()}) as server:
        source = opened(server.url("/m"), read_timeout_s=2)
        while not source.read(1):
            pass
        server.stop()
        _, reason = read_to_the_end(source)
    assert "ended the stream" in reason or "broke the connection off" in reason or "no picture" in reason


def test_a_server_that_freezes_is_lost_after_the_time_out():
    with RtspServer({"/m": endless_line()}) as server:
        source = opened(server.url("/m"), read_timeout_s=0.5)
        while not source.read(1):
            pass
        os.kill(server.pid, signal.SIGSTOP)
        _, reason = read_to_the_end(source)
        os.kill(server.pid, signal.SIGCONT)
    assert reason.endswith("no picture for 0.5 s")


def test_closing_from_another_thread_ends_a_waiting_read():
    with RtspServer({"/m": endless_line()}) as server:
        source = opened(server.url("/m"), read_timeout_s=30)
        while not source.read(1):
            pass
        os.kill(server.pid, signal.SIGSTOP)
        began = time.monotonic()
        threading.Timer(0.2, source.close).start()
        while source.read(20):
            pass
        os.kill(server.pid, signal.SIGCONT)
        assert time.monotonic() - began < 15  # not the twenty seconds that the read would have waited


def test_a_camera_that_restarts_with_another_resolution_comes_back_with_its_new_codec():
    with RtspServer({"/m": endless_line(width=320, height=240)}) as server:
        url = server.url("/m")
        keeper = Keeper(
            lambda: opened(url, connect_timeout_s=5, read_timeout_s=1),
            CLOCK,
            backoff=Backoff(lambda: 0.0, first_s=0.05, cap_s=0.2),
        )
        sizes = []
        while not sizes:
            sizes = [(packet.codec.width, packet.codec.height) for packet in pictures(keeper.read(0.5))]
        server.stop()
        while keeper.state.stage is not Stage.LOST:
            keeper.read(0.5)
        server.start({"/m": endless_line(width=640, height=480)})
        while sizes[-1] != (640, 480):
            sizes += [(packet.codec.width, packet.codec.height) for packet in pictures(keeper.read(0.5))]
        keeper.close()
    assert sorted(set(sizes)) == [(320, 240), (640, 480)]
    assert sizes == sorted(sizes)
