"""USB cameras: what the kernel says, what is chosen, and the path from plain pictures to packets."""

import errno
import struct
import sys
from itertools import pairwise

import av
import pytest

from fakes.footage import footage
from fakes.sources import read_to_the_end
from vigil.cameras.board import read_board
from vigil.cameras.encode import encoders_here
from vigil.cameras.encoder import Board, Target, choose
from vigil.cameras.ffmpeg import Input, why
from vigil.cameras.source import Wishes
from vigil.cameras.v4l2 import V4l2Source, options_for
from vigil.cameras.v4l2_formats import (
    ENUMERATE_FORMATS,
    ENUMERATE_INTERVALS,
    ENUMERATE_SIZES,
    QUERY_CAPABILITIES,
    Mode,
    best,
    captures,
    modes,
    modes_of,
)
from vigil.clock import SystemClock
from vigil.errors import CameraLost
from vigil.frames.packet import Luma, Packet

BOTH = frozenset({"h264_v4l2m2m", "libx264"})
PC = Board(cores=2, encoders=BOTH)
PI4 = Board(model="Raspberry Pi 4 Model B Rev 1.4", cores=4, encoders=BOTH, hardware_encoder=True)
PI5 = Board(model="Raspberry Pi 5 Model B Rev 1.0", cores=4, encoders=BOTH)
FRAMES = 50


class Kernel:
    """Answers V4L2 requests as a driver would, from a list of modes."""

    def __init__(self, offered, *, capabilities=0x8520_0001, device_caps=0x0420_0001, stepwise=None):
        self.offered = offered
        self.capabilities = (capabilities, device_caps)
        self.stepwise = stepwise

    def ask(self, request, structure):
        index = struct.unpack_from("<I", structure)[0]
        codes = list(dict.fromkeys(code for code, *_ in self.offered))
        if request == QUERY_CAPABILITIES:
            assert len(structure) == 104
            return structure[:84] + struct.pack("<II", *self.capabilities) + structure[92:]
        if request == ENUMERATE_FORMATS:
            assert len(structure) == 64
            return self.nth(codes, index, lambda code: structure[:44] + code + structure[48:])
        code = structure[4:8]
        if request == ENUMERATE_SIZES:
            assert len(structure) == 44
            if self.stepwise:
                return None if index else structure[:8] + struct.pack("<I6I", 3, *self.stepwise) + structure[36:]
            sizes = list(dict.fromkeys((w, h) for c, w, h, _ in self.offered if c == code))
            return self.nth(sizes, index, lambda size: structure[:8] + struct.pack("<III", 1, *size) + structure[20:])
        assert request == ENUMERATE_INTERVALS
        assert len(structure) == 52
        width, height = struct.unpack_from("<II", structure, 8)
        rates = [rate for c, w, h, rates in self.offered if (c, w, h) == (code, width, height) for rate in rates]
        return self.nth(rates, index, lambda rate: structure[:16] + struct.pack("<III", 1, 1, rate) + structure[28:])

    @staticmethod
    def nth(things, index, answer):
        return answer(things[index]) if index < len(things) else None


WEBCAM = Kernel(
    [
        (b"YUYV", 640, 480, [30, 15]),
        (b"YUYV", 1920, 1080, [5]),
        (b"MJPG", 640, 480, [30]),
        (b"MJPG", 1920, 1080, [30, 15]),
        (b"GREY", 640, 480, [30]),
    ]
)


def test_the_kernel_is_asked_in_its_own_words():
    assert list(modes(WEBCAM.ask)) == [
        Mode("yuyv422", 640, 480, 30),
        Mode("yuyv422", 1920, 1080, 5),
        Mode("mjpeg", 640, 480, 30),
        Mode("mjpeg", 1920, 1080, 30),
    ]


def test_request_numbers_are_those_of_the_kernel():
    def number(direction, size, index):
        return direction << 30 | size << 16 | ord("V") << 8 | index

    assert number(2, 104, 0) == QUERY_CAPABILITIES
    assert number(3, 64, 2) == ENUMERATE_FORMATS
    assert number(3, 44, 74) == ENUMERATE_SIZES
    assert number(3, 52, 75) == ENUMERATE_INTERVALS


def test_a_device_that_scales_offers_the_sizes_people_ask_for():
    scaler = Kernel([(b"YUYV", 0, 0, [])], stepwise=(16, 1600, 2, 16, 1200, 2))
    assert [(mode.width, mode.height) for mode in modes(scaler.ask)] == [
        (1280, 720), (640, 480), (640, 360), (1600, 1200)
    ]  # fmt: skip


def test_a_device_that_names_no_rate_is_taken_for_thirty():
    assert next(modes(Kernel([(b"MJPG", 640, 480, [])]).ask)).fps == 30


def test_a_driver_that_never_ends_its_list_does_not_hold_us_up():
    def endless(request, structure):
        return structure[:44] + b"YUYV" + structure[48:] if request == ENUMERATE_FORMATS else None

    assert list(modes(endless)) == []


def test_a_metadata_device_is_no_camera():
    assert captures(WEBCAM.ask)
    assert not captures(Kernel([], device_caps=0x0480_0000).ask)
    assert not captures(lambda *_: None)


def test_what_is_no_video_device_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CameraLost, match="is no camera"):
        modes_of(str(tmp_path / "file"))
    with pytest.raises(CameraLost, match="cannot be opened: No such file"):
        modes_of(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ((640, 480, 15), Mode("yuyv422", 640, 480, 30)),
        ((1920, 1080, 15), Mode("mjpeg", 1920, 1080, 30)),
        ((1920, 1080, 5), Mode("yuyv422", 1920, 1080, 5)),
        ((800, 600, 30), Mode("yuyv422", 640, 480, 30)),
        ((3840, 2160, 30), Mode("mjpeg", 1920, 1080, 30)),
    ],
)
def test_the_nearest_size_then_the_rate_then_the_cost_decide(asked, expected):
    width, height, fps = asked
    assert best(modes(WEBCAM.ask), width=width, height=height, fps=fps) == expected


def test_a_camera_that_encodes_is_left_to_it():
    offered = [*modes(WEBCAM.ask), Mode("h264", 1920, 1080, 30)]
    chosen = best(offered, width=1920, height=1080, fps=15)
    assert chosen
    assert chosen.encoded
    assert options_for(chosen, fps=15)["input_format"] == "h264"


def test_ffmpeg_is_asked_for_no_more_than_the_device_promised():
    asked = options_for(Mode("yuyv422", 1920, 1080, 5), fps=15)
    assert (asked["input_format"], asked["video_size"], asked["framerate"]) == ("yuyv422", "1920x1080", "5")


def target(width=1280, height=720, fps=15):
    return Target(width=width, height=height, fps=fps, bit_rate_kbps=2000, keyframe_distance_s=2)


@pytest.mark.parametrize(
    ("board", "asked", "name", "why_not"),
    [
        (PI4, target(), "h264_v4l2m2m", "in hardware"),
        (PI4, target(1920, 1080, 30), "h264_v4l2m2m", "in hardware"),
        (PI4, target(2560, 1440, 15), "libx264", "more than the hardware encodes"),
        (PI4, target(1920, 1080, 60), "libx264", "more than the hardware encodes"),
        (PI5, target(), "libx264", "Raspberry Pi 5 Model B Rev 1.0 has no encoder in hardware"),
        (PC, target(), "libx264", "this board has no encoder in hardware"),
        (Board(cores=4, encoders=frozenset({"libx264"}), hardware_encoder=True), target(), "libx264", "FFmpeg here"),
    ],
)
def test_the_encoder_follows_from_the_facts(board, asked, name, why_not):
    plan = choose(board, asked)
    assert plan.name == name
    assert why_not in plan.why


def test_one_core_stays_free():
    assert [choose(Board(cores=n, encoders=BOTH), target()).threads for n in (1, 2, 4, 16)] == [1, 1, 3, 4]


def test_few_cores_get_the_cheapest_preset():
    assert [choose(Board(cores=n, encoders=BOTH), target()).options["preset"] for n in (2, 4)] == [
        "ultrafast", "superfast"
    ]  # fmt: skip


def test_a_board_without_any_encoder_says_what_to_do():
    with pytest.raises(CameraLost, match=r"no encoder: .* use a camera that sends H\.264"):
        choose(Board(model="a toaster"), target())


def test_the_board_is_read_from_the_kernels_files(tmp_path):
    for number, name in enumerate(["bcm2835-codec-decode", "bcm2835-codec-encode", "bcm2835-isp"]):
        video = tmp_path / f"sys/class/video4linux/video{number + 10}"
        video.mkdir(parents=True)
        (video / "name").write_text(name + "\n")
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_bytes(b"Raspberry Pi 4 Model B Rev 1.4\0")
    assert read_board(root=tmp_path, encoders=BOTH, cores=4) == PI4


def test_a_machine_that_says_nothing_is_still_a_board(tmp_path):
    assert read_board(root=tmp_path, encoders=[], cores=2) == Board(cores=2)


def test_ffmpeg_here_encodes():
    assert "libx264" in encoders_here()


def opened(name, *, luma=False, board=PC, mode=None, fps=25, **more):
    file = footage(name, frames=FRAMES)
    offered = mode or Mode({"mjpeg": "mjpeg", "yuyv": "yuyv422"}[name], 768, 576, 25)
    return V4l2Source(
        str(file), SystemClock(), wishes=Wishes(luma=luma, keyframe_distance_s=1), modes=[offered], board=board,
        width=768, height=576, fps=fps, bit_rate_kbps=2000, format_name=None, **more,
    )  # fmt: skip


def packets(items):
    return [item for item in items if isinstance(item, Packet)]


@pytest.mark.parametrize(("name", "size"), [("mjpeg", (768, 576)), ("yuyv", (320, 240))])
def test_plain_pictures_become_h264(name, size):
    got, reason = read_to_the_end(source := opened(name, luma=True))
    encoded = packets(got)
    assert len(encoded) == FRAMES
    assert reason.endswith("sends no more pictures")
    assert {(packet.codec.name, packet.codec.width, packet.codec.height) for packet in encoded} == {("h264", *size)}
    assert {b.pts - a.pts for a, b in pairwise(encoded)} == {3600}
    assert [packet.pts for packet in encoded if packet.key] == [0, 90_000]
    assert any(isinstance(item, Luma) for item in got)
    assert source.describe()["encoder"] == "libx264"
    assert "no encoder in hardware" in source.describe()["why this encoder"]


def test_a_faster_camera_is_thinned_to_the_rate_asked_for():
    encoded = packets(read_to_the_end(opened("mjpeg", fps=12.5))[0])
    assert len(encoded) == FRAMES // 2
    assert {b.pts - a.pts for a, b in pairwise(encoded)} == {7200}


def test_a_keyframe_comes_when_it_is_asked_for():
    source = opened("mjpeg")
    source.request_keyframe()
    assert packets(read_to_the_end(source)[0])[0].key


def test_a_cameras_own_h264_is_not_touched():
    mode = Mode("h264", 768, 576, 25)
    got, _ = read_to_the_end(source := opened("h264-raw", mode=mode, luma=True))
    assert len(packets(got)) == FRAMES
    assert sum(isinstance(item, Luma) for item in got) == 2
    assert source.describe()["encoder"] == "the camera's own"


def test_a_board_without_an_encoder_cannot_open_it():
    with pytest.raises(CameraLost, match="no encoder"):
        opened("mjpeg", board=Board())


def test_a_camera_without_a_usable_format_says_so():
    with pytest.raises(CameraLost, match="offers no format that can be recorded"):
        V4l2Source(
            "/dev/video9", SystemClock(), wishes=Wishes(), modes=[], board=PC,
            width=640, height=480, fps=15, bit_rate_kbps=500,
        )  # fmt: skip


def test_broken_pictures_are_left_out_and_a_broken_camera_is_lost(tmp_path):
    data = bytearray(footage("mjpeg", frames=FRAMES).read_bytes())
    start = data.find(b"\xff\xd8", len(data) // 2)
    # One picture without its tables: a decoder cannot do anything with it.
    data[start + 20 : start + 600] = bytes(580)
    (tmp_path / "bad.avi").write_bytes(data)
    source = V4l2Source(
        str(tmp_path / "bad.avi"), SystemClock(), wishes=Wishes(), modes=[Mode("mjpeg", 768, 576, 25)], board=PC,
        width=768, height=576, fps=25, bit_rate_kbps=2000, format_name=None,
    )  # fmt: skip
    encoded = packets(read_to_the_end(source)[0])
    assert FRAMES - 2 <= len(encoded) <= FRAMES
    assert all(a.pts < b.pts for a, b in pairwise(encoded))


def test_an_unplugged_camera_is_told_from_one_in_use():
    gone = av.error.OSError(errno.ENODEV, "No such device", "/dev/video0")
    busy = av.error.OSError(errno.EBUSY, "Device or resource busy", "/dev/video0")
    assert why(gone, "/dev/video0") == "/dev/video0 is gone: was it unplugged?"
    assert why(busy, "/dev/video0") == "/dev/video0 is in use by another program"


def test_a_closed_camera_keeps_no_picture_that_lies_in_its_memory(tmp_path):
    film = tmp_path / "film.yuv"
    film.write_bytes(bytes(4 * 64 * 48 * 2))
    options = {"video_size": "64x48", "pixel_format": "yuyv422"}
    camera = Input(str(film), called="camera", format_name="rawvideo", options=options)
    picture = camera.read()
    ours = sys.getrefcount(object())

    camera.close()

    assert sys.getrefcount(picture) == ours + 1
