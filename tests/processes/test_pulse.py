"""When a recorder's watchdog is fed, and what must never cost it its life."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vigil.errors import StoreFault, StoreFull, WrongStore
from vigil.processes.pulse import Pulse, Sign

S = 1_000_000
HOUR_S = 3600


class Recorder:
    """A recorder of which every sign can be held still by hand."""

    def __init__(self):
        self.now_us = 1000 * S
        self.pulse = Pulse.begin(self.now_us, limit_s=10)
        self.sign = Sign(round_us=self.now_us, pictures=0, written=(1, 0))
        self.said = []

    def live(self, seconds, *, rounds=True, pictures=True, lines=True):
        """Let time pass, looked at every 20 s; what stands still is named."""
        for _ in range(seconds // 20):
            self.now_us += 20 * S
            sign = self.sign
            self.sign = replace(
                sign,
                round_us=self.now_us if rounds else sign.round_us,
                pictures=sign.pictures + 300 * pictures,
                written=(sign.written[0], sign.written[1] + lines),
            )
            self.pulse = self.pulse.after(self.sign, self.now_us)
            self.said.append(self.pulse.hung(self.sign, self.now_us))
        return self

    @property
    def fed(self):
        return not any(self.said)


@pytest.fixture
def recorder():
    return Recorder()


def test_who_records_is_fed(recorder):
    assert recorder.live(HOUR_S).fed


def test_a_reader_that_never_comes_round_is_not_fed(recorder):
    recorder.live(100, rounds=False, pictures=False)

    assert "has not been asked for 60 s" in recorder.said[2]


def test_an_open_camera_without_pictures_that_nobody_opens_again_is_not_fed(recorder):
    recorder.live(200).live(100, pictures=False)

    assert recorder.said[:10] == [""] * 10
    assert recorder.said[-1] == "no picture for 100 s, and nobody opens the camera again"


def test_a_disk_that_hangs_is_not_fed(recorder):
    recorder.live(200).live(100, lines=False)

    assert recorder.said[-1] == "nothing became durable for 100 s"


def test_a_disk_that_refuses_is_not_fed_for_ever(recorder):
    recorder.sign = replace(recorder.sign, fault=StoreFault("the card is dying"))

    assert not recorder.live(200).live(200, lines=False).fed


def test_a_lost_camera_is_fed_while_it_is_visibly_opened_again(recorder):
    recorder.sign = replace(recorder.sign, up=False)

    assert recorder.live(HOUR_S, pictures=False).fed


def test_a_camera_just_back_has_its_time_for_the_first_picture(recorder):
    recorder.sign = replace(recorder.sign, up=False)
    recorder.live(HOUR_S, pictures=False)
    recorder.sign = replace(recorder.sign, up=True)

    assert recorder.live(20, pictures=False).fed


def test_a_lost_camera_whose_reader_hangs_is_not_fed(recorder):
    recorder.sign = replace(recorder.sign, up=False)

    assert not recorder.live(HOUR_S, pictures=False, rounds=False).fed


@pytest.mark.parametrize("fault", [StoreFull("all is held"), WrongStore("no marker")])
def test_a_store_full_of_holds_or_not_ours_is_fed(recorder, fault):
    recorder.sign = replace(recorder.sign, fault=fault)

    assert recorder.live(HOUR_S, lines=False).fed


def test_a_privacy_pause_is_fed_by_its_idle_lines(recorder):
    for _ in range(60):
        recorder.live(20, lines=False).live(20)

    assert recorder.fed


def test_a_box_that_nobody_owns_yet_owes_no_line(recorder):
    recorder.sign = replace(recorder.sign, claimed=False)

    assert recorder.live(HOUR_S, lines=False).fed


def test_a_film_that_came_to_its_end_owes_no_picture(recorder):
    recorder.sign = replace(recorder.sign, reading=False)

    assert recorder.live(HOUR_S, rounds=False, pictures=False).fed
