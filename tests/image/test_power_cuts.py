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
from fakes.qemu import emulated_for
from power import campaign, uml_tier
from power.campaign import Campaign
from power.draw import DRAWN
from power.judge import LATE
from power.results import Result, Results
from power.sessions import Session

# A boot and a minute and a half of recording in the emulator; then some seconds for the states.
pytestmark = emulated_for(1800)

STATES = 60
UNDER_UNITS = 12
OBEYED = 8


@pytest.fixture
def units_here() -> None:
    """Each starts a kernel in a minute or less, and takes some ten seconds for a state."""
    if lack := uml_tier.missing():
        pytest.skip(lack)


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


def failed(results: Iterator[Result]) -> dict[str, list[str]]:
    """What is wrong, but for how long pictures were in danger: a busy machine has no time for the emulator."""
    wrong = {one.key: [words for words in one.wrong if not words.endswith(LATE)] for one in results}
    return {key: words for key, words in wrong.items() if words}


def test_whatever_a_cut_leaves_all_that_was_promised_is_found(tried: Campaign, played: Session):
    wrong = failed(campaign.judge_here(tried, played, STATES))

    assert wrong == {}
    results = tried.results.all.values()
    assert len(results) == STATES
    assert {one.kind for one in results} == {str(kind) for kind in DRAWN}
    assert sum(one.loss_s is not None for one in results) > STATES / 2


def test_a_disk_that_heeds_few_flushes_is_found_out(tried: Campaign, played: Session, tmp_path: Path):
    control = replace(tried, results=Results(tmp_path / "control.jsonl"))

    wrong = failed(campaign.judge_here(control, replace(played, obeyed=OBEYED), 20))

    assert any("LOST" in words for said in wrong.values() for words in said)


@pytest.mark.usefixtures("units_here")
def test_the_units_of_the_box_find_all_that_was_promised(tried: Campaign, played: Session, tmp_path: Path):
    sample = replace(tried, results=Results(tmp_path / "units.jsonl"))

    wrong = failed(campaign.judge_under_units(sample, played, UNDER_UNITS))

    assert wrong == {}
    results = sample.results.all.values()
    assert len(results) == UNDER_UNITS
    assert {one.kind for one in results} == {str(kind) for kind in DRAWN}
    assert any(one.loss_s is not None for one in results)


@pytest.mark.torture  # three minutes; `make test` has this control of the host's tier
@pytest.mark.usefixtures("units_here")
def test_under_the_units_too_a_disk_that_heeds_few_flushes_is_found_out(
    tried: Campaign, played: Session, tmp_path: Path
):
    control = replace(tried, results=Results(tmp_path / "control.jsonl"))

    wrong = failed(campaign.judge_under_units(control, replace(played, obeyed=OBEYED), UNDER_UNITS))

    assert any("LOST" in words for said in wrong.values() for words in said)


@pytest.mark.torture
@pytest.mark.timeout(24 * 3600)
def test_the_whole_campaign():
    assert campaign.main([]) == 0
