"""How deeply a camera says that it reorders its pictures."""

from __future__ import annotations

import pytest

from fakes.mp4_sources import FILMS, film, packets_of, pictures, probe
from fakes.parameter_sets import FRAMES_ONLY, sps_of, ue, vui_of
from vigil.frames.packet import VideoCodec
from vigil.frames.sps import h264_sps, h265_sps

HIGH, MAIN, BASELINE = 100, 77, 66
ONE = "1"


def begun(profile: int, *, order: str = ue(0) + ue(0)) -> str:
    """An SPS up to its cropping: 640 by 272 pixels, in pictures of the given order."""
    high = ue(1) + ue(0) + ue(0) + "00" if profile == HIGH else ""
    return f"{profile:08b}{0:08b}{41:08b}" + ue(0) + high + ue(0) + order + ue(4) + "0" + FRAMES_ONLY + "0"


@pytest.mark.parametrize("name", FILMS)
def test_the_depth_said_is_the_depth_there_is(name: str) -> None:
    video = pictures(packets_of(name))
    codec = video[0].codec
    assert isinstance(codec, VideoCodec)
    sps = h264_sps(codec.parameter_sets[0]) if codec.name == "h264" else h265_sps(codec.parameter_sets[1])

    stored = int(probe(film(name), "stream=has_b_frames")[0]["has_b_frames"])

    assert sps.reorder == stored


@pytest.mark.parametrize(
    "vui",
    [
        vui_of(),
        vui_of(shape="1" + f"{255:08b}" + "0" * 32),
        vui_of(shape="1" + f"{1:08b}"),
        vui_of(overscan="11", signal="1" + "1010" + "1" + "0" * 24, chroma="1" + ue(2) + ue(0)),
        vui_of(signal="1" + "1010" + "0", timing="1" + "0" * 65),
        vui_of(nal_buffer=2, vcl_buffer=1),
        vui_of(vcl_buffer=1),
    ],
)
def test_it_is_found_behind_whatever_is_said_before_it(vui: str) -> None:
    assert h264_sps(sps_of(begun(MAIN, order=ue(0) + ue(0)), ONE, vui)).reorder == 3
    assert h264_sps(sps_of(begun(HIGH), ONE, vui)).reorder == 3


@pytest.mark.parametrize(
    ("unit", "depth"),
    [
        (sps_of(begun(BASELINE), "0"), 0),
        (sps_of(begun(MAIN, order=ue(2)), "0"), 0),
        (sps_of(begun(MAIN, order=ue(0) + ue(0)), "0"), None),
        (sps_of(begun(MAIN, order=ue(0) + ue(0)), ONE, vui_of(reorder=None)), None),
        (sps_of(begun(MAIN, order=ue(0) + ue(0)), ONE, vui_of(reorder=17)), None),
        (sps_of(begun(MAIN, order=ue(0) + ue(0)), ONE, vui_of()[:10]), None),
    ],
    ids=["baseline", "in order", "no VUI", "not in the VUI", "too much", "cut off"],
)
def test_a_camera_need_not_say_it(unit: bytes, depth: int | None) -> None:
    sps = h264_sps(unit)

    assert (sps.width, sps.reorder) == (640, depth)
