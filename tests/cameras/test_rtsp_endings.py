"""How a camera is lost, while it is opened and later, and what its owner is told."""

import select
import socket

import pytest

from fakes.quirky_rtsp import PICTURES, Boaster, Camera
from fakes.receiving import heard, living, lost, opened, played
from vigil.clock import HandClock
from vigil.errors import CameraLost, StreamRefused


def test_a_camera_that_hangs_up_gives_its_pictures_first():
    class Short(Camera):
        def play(self, client):
            super().play(client)
            client.shutdown(socket.SHUT_RDWR)

    with Short() as camera:
        assert lost(opened(camera)) == (PICTURES, f"{camera.url} ended the stream")


def test_a_camera_that_breaks_off_is_lost():
    class Rude(Camera):
        def respond(self, client, asked):
            super().respond(client, asked)
            if asked.method == "GET_PARAMETER":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                client.close()

    with Rude() as camera:
        _, why = lost(living(camera, seconds=31))
        assert why == f"{camera.url} broke the connection off"


def test_a_camera_that_says_goodbye_is_lost():
    class Polite(Camera):
        def play(self, client):
            super().play(client)
            client.sendall(self.framed(1, bytes.fromhex("80c90001 00000001 81cb0001 00000001")))

    with Polite() as camera:
        assert lost(opened(camera)) == (PICTURES, f"{camera.url} ended the stream")


def test_a_silent_camera_is_lost_after_the_time_out_and_what_it_refused_is_told():
    class Silent(Boaster):
        refusal = "454 Session Not Found"

        def play(self, client):
            pass

    with Silent() as camera:
        clock = HandClock()
        reception = opened(camera, clock, read_timeout_s=40)
        clock.sleep(31)
        reception.receive()
        heard(reception, camera, "OPTIONS")
        # The answer comes a moment after the question was heard; it may have been taken already.
        select.select([reception.fileno()], [], [], 2)
        clock.sleep(8)
        assert reception.receive() == []
        clock.sleep(2)
        with pytest.raises(CameraLost) as caught:
            reception.receive()
        reception.close()
        assert str(caught.value) == f"{camera.url}: no picture for 40 s (it said: 454 Session Not Found)"


def test_a_refusal_that_nobody_asked_for_is_passed_over():
    class Grumbler(Camera):
        def play(self, client):
            client.sendall(b"RTSP/1.0 400 Bad Request\r\n\r\n")
            super().play(client)

    assert len(played(Grumbler())) == PICTURES


def refusing(method, status):
    class Refusing(Camera):
        def answer(self, asked):
            return self.said(asked, status=status) if asked.method == method else super().answer(asked)

    return Refusing()


@pytest.mark.parametrize(
    ("method", "status", "words"),
    [
        ("DESCRIBE", "404 Not Found", "is not there: the camera knows no stream of this name"),
        ("DESCRIBE", "403 Forbidden", "refuses the user name or the password"),
        ("DESCRIBE", "453 Not Enough Bandwidth", "has no room for another viewer"),
        ("SETUP", "461 Unsupported Transport", "sends over UDP only: set it to RTSP over TCP"),
        ("PLAY", "500 Oh\x07 no", "answers PLAY with 500 Oh no"),
    ],
)
def test_a_refusal_is_told_in_words(method, status, words):
    with refusing(method, status) as camera, pytest.raises(CameraLost) as caught:
        opened(camera)
    assert str(caught.value).removeprefix(camera.url + " ").startswith(words)


def test_a_camera_that_takes_udp_although_it_was_asked_for_tcp_is_told():
    class Udp(Camera):
        def transport(self, asked):
            return "Transport: RTP/AVP;unicast;client_port=5000-5001"

    with Udp() as camera, pytest.raises(CameraLost, match="sends over UDP only"):
        opened(camera)


def test_pictures_of_another_kind_are_left_to_ffmpeg():
    class Old(Camera):
        encoding = "MP4V-ES"

    with Old() as camera, pytest.raises(StreamRefused, match="MP4V-ES"):
        opened(camera)


def test_an_encrypted_line_is_left_to_ffmpeg():
    with Camera() as camera:
        with pytest.raises(StreamRefused, match="is not an rtsp:// address"):
            opened(camera, url=camera.url.replace("rtsp", "rtsps"))
        assert camera.heard.empty()


def test_a_camera_that_hangs_up_while_it_is_opened_is_told():
    class Shut(Camera):
        def answer(self, asked):
            self.hang_up()
            return b""

    with Shut() as camera, pytest.raises(CameraLost, match="broke the connection off"):
        opened(camera)
