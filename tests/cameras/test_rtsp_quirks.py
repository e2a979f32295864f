"""
What cameras do instead of keeping the rules, each seen by somebody: the thread is named where it was told.

All of them are recorded all the same.
"""

import pytest

from fakes.quirky_rtsp import PICTURES, Camera, Elsewhere, Shy
from fakes.receiving import opened, played, secret
from vigil.errors import CameraLost


def test_a_camera_that_keeps_the_rules():
    got = played(Camera())
    assert [packet.key for packet in got] == [True] + [False] * (PICTURES - 1)
    assert [packet.dts for packet in got] == [number * 9000 for number in range(PICTURES)]


class LinesAsItLikes(Camera):
    """LF alone, small letters, and two empty lines behind each answer."""

    def answer(self, asked):
        return super().answer(asked).replace(b"\r\n", b"\n").replace(b"Content-Length", b"content-length") + b"\n\n"


class MiscountsUp(Camera):
    """Promises more of a description than it has."""

    def answer(self, asked):
        return super().answer(asked).replace(b"Content-Length: ", b"Content-Length: 1")


class MiscountsDown(Camera):
    """Has more of a description than it promises."""

    def answer(self, asked):
        return super().answer(asked).replace(b"Content-Length: ", b"Content-Length: 1\r\nX-Real-Length: ")


class DoesNotCount(Camera):
    """Does not say how long its description is (membrane_rtsp pull request 37)."""

    def answer(self, asked):
        return super().answer(asked).replace(b"Content-Length", b"X-Length")


class TrailingGarbage(Camera):
    """Sends scraps behind each answer."""

    def answer(self, asked):
        return super().answer(asked) + b"\0\0\xff\xfescraps of the last answer\r\n"


class OtherChannels(Camera):
    """Takes other channels than it was asked for (gortsplib issue 72, mediamtx issue 19)."""

    channel = 8


class NoChannels(Camera):
    """Does not repeat which channels it takes (gortsplib issue 142)."""

    def transport(self, asked):
        return "Transport: RTP/AVP/TCP;unicast"


class Eager(Camera):
    """Sends pictures before it says that it will (retina pull request 46, membrane_rtsp pull request 54: Reolink)."""

    def respond(self, client, asked):
        if asked.method == "PLAY":
            self.play(client)
            client.sendall(self.answer(asked))
        else:
            super().respond(client, asked)


class NoRtpInfo(Camera):
    """Says nothing of what it begins with (retina issue 10: VStarcam), not even the session."""

    def answer(self, asked):
        return self.said(asked) if asked.method == "PLAY" else super().answer(asked)


class Scraps(Camera):
    """Sends scraps of packets between packets (gortsplib pull request 653: Canon VB-H47)."""

    def play(self, client):
        first, *others = self.packets()
        client.sendall(first + first[90:400] + b"".join(others) + b"\x17" * 70 + self.framed(1, b"\x80" + bytes(27)))


class DoesNotKnowOptions(Camera):
    """Refuses the first question."""

    def answer(self, asked):
        return self.said(asked, status="405 Method Not Allowed") if asked.method == "OPTIONS" else super().answer(asked)


class BareBase(Camera):
    """Gives a base that is no address (RTSP-Server issue 108)."""

    def description(self, asked):
        return super().description(asked).replace(b"Content-Base: rtsp://", b"Content-Base: ")


class Provisional(Camera):
    """Asks for patience first."""

    def answer(self, asked):
        return self.said(asked, status="100 Continue") + super().answer(asked)


@pytest.mark.parametrize(
    "camera",
    [LinesAsItLikes, MiscountsUp, MiscountsDown, DoesNotCount, TrailingGarbage, OtherChannels, NoChannels, Eager,
     NoRtpInfo, DoesNotKnowOptions, BareBase, Provisional],
)  # fmt: skip
def test_what_it_means_is_understood(camera):
    got = played(camera())
    assert [packet.data[-1] for packet in got] == [number + 1 for number in range(PICTURES)]


def test_scraps_between_packets_cost_no_picture_of_their_own():
    got = played(Scraps())
    assert [packet.data[-1] for packet in got] == [number + 1 for number in range(PICTURES)]


@pytest.mark.parametrize(
    ("control", "base", "asked_at"),
    [
        ("track1", "{url}/", "{url}/track1"),
        ("track1", "{url}", "{url}/track1"),
        ("{url}/track1", "{url}/", "{url}/track1"),
        # media-stream-library-js issue 646: the query belongs to the base.
        ("track1", "{url}?mode=Live&seek=0/", "{url}?mode=Live&seek=0/track1"),
        # go2rtc issue 1236: one slash, not two.
        ("/track1", "{url}/", "{url}/track1"),
    ],
)
def test_streams_are_set_up_where_the_camera_expects_it(control, base, asked_at):
    class Elsewhere(Camera):
        def description(self, asked):
            base_line = "Content-Base: " + base.format(url=self.url)
            body = self.sdp(control.format(url=self.url))
            return self.said(asked, base_line, "Content-Type: application/sdp", body=body)

    with Elsewhere() as camera:
        opened(camera).close()
        assert camera.wait_for("SETUP").uri == asked_at.format(url=camera.url)


def test_a_camera_that_moved_is_followed():
    """go2rtc issue 1881, retina issue 92: the answer has no number, either."""
    with Camera() as there, Elsewhere(there.url) as here:
        reception = opened(here)
        assert there.wait_for("PLAY").uri == there.url + "/"
        reception.close()


def test_a_camera_that_moved_to_where_it_was_is_left():
    with Elsewhere("/live") as camera, pytest.raises(CameraLost, match="from one address to the next"):
        opened(camera)


def test_a_password_is_not_carried_to_another_host():
    with Shy() as there, Elsewhere(there.url.replace("127.0.0.1", "localhost")) as here:
        with pytest.raises(CameraLost, match="refuses the user name or the password") as caught:
            opened(here, url=secret(here))
        assert "sesame" not in repr(caught.value)
        assert all("Authorization" not in asked.headers for asked in there.heard.queue)
