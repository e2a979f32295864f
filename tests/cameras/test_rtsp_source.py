"""A network camera as the recorder has it: opened aside, looked at now and then, never waited for."""

import threading

import pytest

from fakes.noise import Silence
from fakes.quirky_rtsp import PICTURES, Camera, patience
from vigil.cameras.rtsp import BEAT_US, OPENING_US, RtspSource
from vigil.cameras.source import Wishes
from vigil.clock import HandClock
from vigil.errors import CameraLost


def opened(url, clock=None, **more):
    return RtspSource(url, clock or HandClock(), wishes=Wishes(), aside=True, **more)


def pictures(source, count):
    got = []
    while len(got) < count:
        got += source.read(0)
        patience()
    return got


def test_opening_makes_nobody_wait():
    with Silence() as silence:
        source = opened(f"rtsp://127.0.0.1:{silence.port}/x")
        assert source.read(0) == []
        source.close()
        assert source.read(0) == []


def test_it_is_looked_at_often_until_a_picture_came_and_on_the_recorders_beat_from_then_on():
    with Camera() as camera:
        clock = HandClock()
        source = opened(camera.url, clock)
        assert source.due_us() == clock.steady_us() + OPENING_US
        pictures(source, PICTURES)
        assert source.due_us() == clock.steady_us() + BEAT_US
        source.close()


def test_what_went_wrong_aside_is_raised_when_it_is_read():
    with Silence() as taken:
        url = f"rtsp://127.0.0.1:{taken.port}/x"
    source = opened(url)
    with pytest.raises(CameraLost, match="nothing answers"):
        while True:
            source.read(0)
            patience()
    source.close()


class Torrent(Camera):
    """Sends so many pictures that no kernel holds them, as fast as it can; `sent` says that all are on their way."""

    rounds = 1600  # of six pictures of 3 kB: 29 MB

    def __init__(self):
        self.sent = threading.Event()
        super().__init__()

    def play(self, client):
        for number in range(self.rounds):
            client.sendall(b"".join(self.packets(number * PICTURES)))
        self.sent.set()


def test_a_reader_that_is_held_up_does_not_hold_the_camera_up():
    class Short(Torrent):
        rounds, picture_bytes = 200, 30_000  # 36 MB: more than any kernel keeps, and less than is kept here

    with Short() as camera:
        source = opened(camera.url)
        first = pictures(source, 1)
        assert camera.sent.wait(20)
        rest = pictures(source, Short.rounds * PICTURES - len(first))
        source.close()
    assert [packet.dts for packet in first + rest] == [number * 9000 for number in range(Short.rounds * PICTURES)]


def test_what_nobody_takes_is_kept_within_bounds_and_then_the_camera_is_held_back():
    with Torrent() as camera:
        source = opened(camera.url)
        got = pictures(source, 1)
        assert not camera.sent.wait(1)
        while len(got) < Torrent.rounds * PICTURES:
            got += source.read(0)
            patience()
        source.close()
    assert [packet.dts for packet in got] == [number * 9000 for number in range(Torrent.rounds * PICTURES)]


def test_what_was_kept_comes_before_the_loss_is_told():
    class Ending(Torrent):
        rounds = 200

        def play(self, client):
            super().play(client)
            self.hang_up()

    with Ending() as camera:
        source = opened(camera.url)
        got = pictures(source, 1)
        assert camera.sent.wait(20)
        with pytest.raises(CameraLost, match="ended the stream"):
            while True:
                got += source.read(0)
                patience()
        source.close()
    assert len(got) == Ending.rounds * PICTURES
