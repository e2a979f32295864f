"""The vectors of docs/spec/rtp.md, read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.rtp_vectors import CASES, FOLDER
from vigil import errors
from vigil.cameras.rtp_sound import SoundStream
from vigil.cameras.rtp_stream import VideoStream
from vigil.cameras.sdp import read_sdp
from vigil.frames.nal import split_lengths
from vigil.frames.packet import Packet

VECTORS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
KEYS = {"comment", "expect", "sdp", "packets", "pictures", "lost", "dropped", "sets", "sound", "camera_clock_us"}


def test_there_are_vectors_and_each_is_as_it_was_stated():
    assert len(VECTORS) > 30
    assert set().union(*VECTORS.values()) == KEYS
    assert VECTORS == CASES


def read(vector: dict[str, Any]) -> tuple[VideoStream, list[Packet], list[Packet]]:
    media = read_sdp(vector["sdp"], "rtsp://camera/").media
    video = VideoStream(media[0])
    sound = SoundStream(media[1], video) if len(media) > 1 else None
    pictures: list[Packet] = []
    heard: list[Packet] = []
    for channel, at_us, data in vector["packets"]:
        packet = memoryview(bytes.fromhex(data))
        if channel == 0:
            pictures += video.push(packet, at_us)
        elif channel == 1:
            video.control(packet, at_us)
        else:
            assert sound is not None
            heard += sound.push(packet, at_us)
    return video, pictures + video.end(), heard


@pytest.mark.parametrize("name", [name for name, vector in VECTORS.items() if vector["expect"] == "success"])
def test_what_comes_out_is_what_is_stated(name):
    vector = VECTORS[name]

    video, pictures, heard = read(vector)

    got = [
        {"pts": p.pts, "dts": p.dts, "key": p.key, "units": [unit.hex() for unit in split_lengths(p.data)]}
        for p in pictures
    ]
    assert got == vector["pictures"]
    assert (video.lost, video.dropped) == (vector["lost"], vector["dropped"])
    assert [[p.dts, p.data.hex()] for p in heard] == vector.get("sound", [])
    if "sets" in vector:
        assert video.codec is not None
        assert [unit.hex() for unit in video.codec.parameter_sets] == vector["sets"]
    if "camera_clock_us" in vector:
        assert video.camera_clock_us == vector["camera_clock_us"]


@pytest.mark.parametrize("name", [name for name, vector in VECTORS.items() if vector["expect"] != "success"])
def test_what_is_not_read_is_refused_as_stated(name):
    with pytest.raises(getattr(errors, VECTORS[name]["expect"])):
        read(VECTORS[name])
