"""
The power of an emulated box goes while it is set up for the first time and records: a sample of the campaign.

All of it is `python -m power.campaign` in tests/, whose table is in docs/reliability.md. The workload is played once
for each image, and kept with the image's products.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from boot.products import cache_directory
from fakes.image import built
from fakes.qemu import emulated
from power import campaign
from power.campaign import Campaign
from power.draw import DRAWN
from power.results import Result, Results
from power.sessions import Session

# Two boots in the emulator, and some seconds for the states that are judged on this machine.
pytestmark = [*(mark for mark in emulated if mark.name != "timeout"), pytest.mark.timeout(1800)]

HERE, IN_GUEST = 60, 8
OBEYED = 8


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """A campaign that has judged nothing yet."""
    home = cache_directory() / "power-cuts"
    home.mkdir(exist_ok=True)
    results = Results(tmp_path_factory.mktemp("results") / "results.jsonl")
    return Campaign(image=built().image, home=home, results=results)


@pytest.fixture(scope="module")
def played(tried: Campaign) -> Session:
    return tried.session("recording")


def failed(results: Iterator[Result]) -> dict[str, tuple[str, ...]]:
    return {one.key: one.wrong for one in results if one.wrong}


def test_whatever_a_cut_leaves_all_that_was_promised_is_found(tried: Campaign, played: Session):
    wrong = failed(campaign.judge_here(tried, played, HERE))

    assert wrong == {}
    results = tried.results.all.values()
    assert len(results) == HERE
    assert {one.kind for one in results} == {str(kind) for kind in DRAWN}
    assert sum(one.loss_s is not None for one in results) > HERE / 2


def test_a_disk_that_heeds_few_flushes_is_found_out(tried: Campaign, played: Session, tmp_path: Path):
    control = replace(tried, results=Results(tmp_path / "control.jsonl"))

    wrong = failed(campaign.judge_here(control, replace(played, obeyed=OBEYED), 20))

    assert any("LOST" in words for said in wrong.values() for words in said)


def test_the_units_of_the_box_open_what_a_cut_left(tried: Campaign, played: Session):
    wrong = failed(campaign.judge_in_guests(tried, played, IN_GUEST))

    assert wrong == {}
    assert sum(one.tier == "guest" for one in tried.results.all.values()) == IN_GUEST


@pytest.mark.torture
@pytest.mark.timeout(24 * 3600)
def test_the_whole_campaign():
    assert campaign.main([]) == 0
