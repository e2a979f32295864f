"""The queue between a camera's threads and the recorder's."""

from __future__ import annotations

import threading

import pytest

from vigil.cameras.picamera2_inbox import MOST_LUMA, Inbox
from vigil.errors import CameraLost
from vigil.frames.packet import Luma, Packet, VideoCodec

CODEC = VideoCodec("h264", 64, 64, (b"g", b"h"))


def packet(pts, *, key=False, size=10):
    return Packet(bytes(size), pts, pts, pts, key, CODEC)


def pts_of(items):
    """The times of packets."""
    return [item.pts for item in items]


def luma(at_us):
    return Luma(b"\0" * 64, 8, 8, at_us)


def test_packets_and_grey_pictures_come_out_in_order():
    inbox = Inbox()
    left = [packet(0, key=True), luma(1), packet(2)]
    inbox.packet(left[0])
    inbox.luma(left[1])
    inbox.packet(left[2])

    assert inbox.take(0) == left
    assert inbox.take(0) == []


def test_when_it_is_full_the_stream_goes_on_at_a_keyframe():
    inbox = Inbox(most_bytes=30)
    for pts in range(4):
        inbox.packet(packet(pts, key=pts == 0))
    assert pts_of(inbox.take(0)) == [0, 1, 2]

    inbox.packet(packet(4))  # there is room again, but the picture before it is missing
    inbox.packet(packet(5, key=True))
    inbox.packet(packet(6))

    assert pts_of(inbox.take(0)) == [5, 6]
    assert inbox.left_out == 2


def test_a_keyframe_that_finds_no_room_is_left_out_too():
    inbox = Inbox(most_bytes=15)
    for pts in range(3):
        inbox.packet(packet(pts, key=True))

    assert pts_of(inbox.take(0)) == [0]
    assert inbox.left_out == 2


def test_old_grey_pictures_make_room_for_new_ones_and_packets_stay():
    inbox = Inbox()
    inbox.packet(packet(0, key=True))
    for at_us in range(MOST_LUMA + 3):
        inbox.luma(luma(at_us))

    first, *grey = inbox.take(0)

    assert first == packet(0, key=True)
    assert [item.at_us for item in grey] == list(range(3, MOST_LUMA + 3))


def test_what_arrived_before_a_failure_is_still_handed_over():
    inbox = Inbox()
    inbox.packet(packet(0, key=True))
    inbox.fail(CameraLost("first"))
    inbox.fail(CameraLost("second"))

    assert len(inbox.take(0)) == 1
    with pytest.raises(CameraLost, match="first"):
        inbox.take(0)


@pytest.mark.parametrize("waker", ["packet", "luma", "fail", "close"])
def test_whatever_happens_wakes_the_reader(waker):
    inbox = Inbox()
    got: list[object] = []

    def read():
        try:
            got.append(inbox.take(60))
        except CameraLost as error:
            got.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    arguments = {"packet": [packet(0, key=True)], "luma": [luma(0)], "fail": [CameraLost("gone")], "close": []}
    getattr(inbox, waker)(*arguments[waker])
    reader.join(10)

    assert not reader.is_alive()
    assert len(got) == 1


def test_nothing_is_kept_once_it_is_closed():
    inbox = Inbox()
    inbox.packet(packet(0, key=True))
    inbox.close()
    inbox.packet(packet(1, key=True))
    inbox.fail(CameraLost("closing"))

    assert inbox.take(60) == []
