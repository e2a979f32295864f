"""NUT's real upsd over its simulated UPS, whose file says what happens."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from fakes.box import until
from fakes.nut import FULL, Nut, with_nut
from vigil.body.ups import UpsWatch
from vigil.clock import SystemClock

pytestmark = with_nut


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """They take 3 s to find each other, so all tests here share them."""
    with Nut(tmp_path_factory.mktemp("nut")) as nut:
        yield nut


@pytest.fixture
def nut(running):
    running.world(FULL)
    return running


@pytest.fixture
def watch(nut):
    with closing(UpsWatch(nut.settings, SystemClock())) as made:
        yield made


def test_what_nuts_own_client_reads_is_what_we_read(nut, watch):
    look = watch.look()

    theirs = dict(line.split(": ", 1) for line in nut.upsc().splitlines())
    assert look.status == theirs["ups.status"].split() == ["OL", "CHRG"]
    assert (look.charge_pct, look.runtime_s) == (float(theirs["battery.charge"]), int(theirs["battery.runtime"]))
    assert look.model == theirs["ups.model"] == "Smart 700" and look.trouble == ""


def test_upsd_counts_us_among_those_who_hang_on_the_ups(nut, watch):
    assert watch.look().trouble == ""

    assert "127.0.0.1" in nut.upsc("-c") or "logged into UPS [ups]" in (nut.place / "server.log").read_text()


@pytest.mark.slow  # a driver looks for its UPS once a second, and upsd for its driver
def test_a_driver_that_is_gone_is_told_and_found_again(nut, watch):
    nut.stop("driver")
    until(lambda: watch.look().trouble == "driver")
    (nut.place / "dummy-ups-ups").unlink(missing_ok=True)
    nut.start_driver()

    until(lambda: watch.look().status == FULL["ups.status"].split())


def test_a_ups_of_another_name_is_told(nut):
    with closing(UpsWatch(replace(nut.settings, ups_name="cellar", nut_user=""), SystemClock())) as watch:
        look = watch.look()

    assert look.trouble == "refused" and "ups.ups_name" in look.words


@pytest.mark.slow  # upsd believes a driver that hangs for as long as its MAXAGE says: 5 s here
def test_a_driver_that_hangs_is_stale(nut, watch):
    nut.hang("driver")
    until(lambda: watch.look().trouble == "driver")
    nut.hang("driver", hanging=False)

    until(lambda: watch.look().trouble == "")
