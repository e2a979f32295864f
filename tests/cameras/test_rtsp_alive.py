"""Staying with a camera: signs of life, passwords that wear out, questions to us."""

import pytest

from fakes.quirky_rtsp import Asked, Boaster, Camera, Shy, patience
from fakes.receiving import heard, living, opened, secret
from vigil.clock import HandClock
from vigil.errors import CameraLost


class OneTime(Shy):
    """A nonce serves for two requests, and then it is stale."""

    uses = 2


class OneTimeSilent(OneTime):
    """The same, and it does not call it stale (SharpRTSP issue 126: Axis)."""

    stale = False


@pytest.mark.parametrize("camera", [Shy, OneTime, OneTimeSilent])
def test_a_nonce_may_change_at_any_time(camera):
    with camera() as shy:
        opened(shy, url=secret(shy)).close()
        assert shy.wait_for("PLAY").headers["Authorization"].startswith('Digest username="joe"')


def test_a_wrong_password_is_tried_once():
    class Locked(Shy):
        uses = 0
        stale = False

    with Locked() as camera:
        with pytest.raises(CameraLost, match="refuses the user name or the password"):
            opened(camera, url=secret(camera))
        assert camera.heard.qsize() == 2


def test_a_sign_of_life_is_given_at_half_the_time_the_camera_says():
    class Hasty(Camera):
        session = "12345678; timeout=15"

    with Hasty() as camera:
        clock = HandClock()
        reception = opened(camera, clock)
        camera.wait_for("PLAY")
        clock.sleep(7.4)
        reception.receive()
        clock.sleep(0.2)
        reception.receive()
        sign = camera.wait_for("GET_PARAMETER")
        assert sign.headers["Session"] == "12345678"
        assert camera.heard.empty()
        reception.close()


def test_a_sign_of_life_is_what_the_camera_knows():
    """mediamtx issue 1066: GET_PARAMETER where it is known, else OPTIONS."""

    class Simple(Camera):
        public = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"

    with Simple() as camera:
        reception = living(camera, seconds=31)
        assert camera.wait_for("OPTIONS").headers["Session"] == "12345678"
        reception.close()


class Forgetful(Boaster):
    """Says that it does not know the session, and plays on (thingino-firmware issue 490)."""

    refusal = "454 Session Not Found"


class Unable(Boaster):
    refusal = "405 Method Not Allowed"


@pytest.mark.parametrize("camera", [Boaster, Forgetful, Unable])
def test_a_sign_of_life_that_is_refused_is_given_in_another_way(camera):
    with camera() as boaster:
        reception = living(boaster, seconds=31)
        boaster.wait_for("GET_PARAMETER")
        heard(reception, boaster, "OPTIONS")
        boaster.send_more()
        while not reception.receive():
            patience()
        reception.close()


def test_a_camera_that_knows_no_sign_of_life_is_received_on():
    class Deaf(Camera):
        def answer(self, asked):
            knows = asked.method in ("DESCRIBE", "SETUP", "PLAY")
            return super().answer(asked) if knows else self.said(asked, status="501 Not Implemented")

    with Deaf() as camera:
        reception = living(camera, seconds=31)
        camera.wait_for("OPTIONS")
        camera.send_more()
        while not reception.receive():
            patience()
        reception.close()


def test_a_sign_of_life_says_the_password_anew():
    """SharpRTSP issue 126: after a while the nonce is another."""

    class Weary(OneTimeSilent):
        uses = 5  # as many requests as opening takes

    with Weary() as camera:
        clock = HandClock()
        reception = opened(camera, clock, url=secret(camera))
        camera.wait_for("PLAY")
        clock.sleep(31)
        reception.receive()
        camera.wait_for("GET_PARAMETER")
        clock.sleep(31)
        reception.receive()
        old = camera.wait_for("GET_PARAMETER").headers["Authorization"]
        new = heard(reception, camera, "GET_PARAMETER").headers["Authorization"]
        assert old != new
        assert f'nonce="{camera.nonces}"' in new
        reception.close()


def test_a_camera_that_asks_us_is_answered():
    class Curious(Camera):
        def play(self, client):
            client.sendall(b"OPTIONS * RTSP/1.0\r\nCSeq: 77\r\n\r\n")
            super().play(client)

        def _read(self, head):
            return Asked(head, "") if head.startswith("RTSP/1.0") else super()._read(head)

    with Curious() as camera:
        reception = opened(camera)
        heard(reception, camera, "RTSP/1.0 200 OK\r\nCSeq: 77")
        reception.close()
