"""What a real server sends, read here and by FFmpeg: the same pictures at the same times."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from fakes.footage import footage
from fakes.rtsp_server import RtspServer, launch_line
from fakes.rtsp_talk import received
from vigil.cameras.container import Container
from vigil.cameras.rtp_sound import SoundStream
from vigil.cameras.rtp_stream import VideoStream
from vigil.clock import SystemClock
from vigil.errors import CameraEnded
from vigil.frames.packet import Packet

FRAMES, FPS = 60, 100
CLIPS = ("h264", "h264-long-gop", "h264-bframes", "h265", "h265-bframes", "vfr")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    clips = {name: footage(name, frames=FRAMES, fps=FPS) for name in (*CLIPS, "h264-aac", "h264-small")}
    mounts = {
        f"/{name}": launch_line(clip, codec="h265" if "h265" in name else "h264", audio="aac" in name)
        for name, clip in clips.items()
    }
    folder = tmp_path_factory.mktemp("films")
    mounts["/both"] = launch_line(one_after_the_other((clips["h264"], clips["h264-small"]), folder))
    with RtspServer(mounts) as running:
        yield running


def one_after_the_other(clips: Iterable[Path], folder: Path) -> Path:
    """Films in one, as a camera shows that is set to another size."""
    pieces = []
    for clip in clips:
        pieces.append(folder / f"{clip.stem}.ts")
        ffmpeg("-i", str(clip), "-c", "copy", str(pieces[-1]))
    ffmpeg("-i", "concat:" + "|".join(map(str, pieces)), "-c", "copy", str(both := folder / "both.ts"))
    return both


def ffmpeg(*words: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", *words], check=True)


def by_ffmpeg(url: str, *, audio: bool = False) -> list[Packet]:
    options = {"rtsp_transport": "tcp", "fpsprobesize": "0", "timeout": "10000000"}
    container = Container(url, SystemClock(), called="the server", options=options, audio=audio)
    got: list[Packet] = []
    try:
        while True:
            got += container.read()
    except CameraEnded:
        return got
    finally:
        container.close()


def by_us(url: str) -> tuple[list[Packet], VideoStream]:
    """Pictures, and sound where there is any, in the order they came."""
    came = received(url)
    video = VideoStream(came.presentation.media[0])
    streams: list[VideoStream | SoundStream] = [video]
    streams += [SoundStream(media, video) for media in came.presentation.media[1:]]
    for stream, began in zip(streams, came.rtptimes, strict=True):
        stream.clock.began = began
    got: list[Packet] = []
    for channel, packet, at_us in came.packets:
        stream = streams[channel // 2]
        if channel % 2:
            stream.control(packet, at_us)
        else:
            got += stream.push(packet, at_us)
    return got + video.end(), video


def told(packets: list[Packet]) -> list[tuple[object, ...]]:
    return [(packet.pts, packet.dts, packet.key, packet.data, packet.codec) for packet in packets]


@pytest.mark.parametrize("name", CLIPS)
def test_pictures_and_their_times_are_those_that_ffmpeg_reads(server, name):
    got, stream = by_us(server.url(f"/{name}"))

    assert len(got) == FRAMES
    assert told(got) == told(by_ffmpeg(server.url(f"/{name}")))
    assert (stream.lost, stream.dropped, stream.reader.ignored) == (0, 0, 0)


def test_a_change_of_size_in_mid_stream_is_that_which_ffmpeg_reads(server):
    got, _ = by_us(server.url("/both"))

    assert len({packet.codec for packet in got}) == 2
    assert told(got) == told(by_ffmpeg(server.url("/both")))


def test_sound_is_that_which_ffmpeg_reads(server):
    got, _ = by_us(server.url("/h264-aac"))
    theirs = [packet for packet in by_ffmpeg(server.url("/h264-aac"), audio=True) if packet.audio]
    ours = [packet for packet in got if packet.audio]

    # Where FFmpeg begins depends on what it read first.
    later = theirs[-len(ours) :]
    assert len(ours) >= 8
    assert [packet.data for packet in ours] == [packet.data for packet in later]
    assert {round(ours.dts - theirs.dts) for ours, theirs in zip(ours, later, strict=True)} <= {-1, 0, 1}
    assert all(a.dts < b.dts for a, b in pairwise(ours))


def test_the_server_s_clock_is_ours(server):
    _, stream = by_us(server.url("/h264"))

    assert stream.camera_clock_us is not None
    assert abs(stream.camera_clock_us - SystemClock().wall_us()) < 60_000_000
