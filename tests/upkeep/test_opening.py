"""What is done with a data partition, whatever is found in it: what might hold data is never formatted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import pytest

from vigil.upkeep.opening import Facts, Found, Step, decide, half_label, inside, outside, ready_label
from vigil.upkeep.partition_table import Stage

OUTSIDE = [Found.NOTHING, Found.INTEGRITY, Found.OTHER, Found.UNREADABLE]
INSIDE = [
    Found.UNKNOWN, Found.NOTHING, Found.OURS, Found.HALF, Found.LOST_BEGINNING, Found.OTHER, Found.UNREADABLE,
]  # fmt: skip
EVERYTHING = [
    Facts(stage=stage, outside=out, inside=within) for stage, out, within in product([None, *Stage], OUTSIDE, INSIDE)
]


@dataclass
class Card:
    """A partition as the world has it: `content` is what it would open to, `integrity` whether it opens at all."""

    stage: Stage | None
    integrity: bool
    content: Found
    blank: Found = Found.NOTHING
    opened: bool = False
    formatted: int = 0

    def facts(self):
        if not self.integrity:
            return Facts(stage=self.stage, outside=self.blank)
        return Facts(stage=self.stage, outside=Found.INTEGRITY, inside=self.content if self.opened else Found.UNKNOWN)

    def do(self, step, *, cut=None):
        """Do a step; with `cut` the power goes after so many of the parts of making."""
        if step is Step.OPEN:
            self.opened = True
        elif step is Step.FORGET:
            self.integrity, self.content, self.blank, self.opened = False, Found.NOTHING, Found.NOTHING, False
            self.stage = Stage.FORGET if cut is not None else Stage.NEW
        elif step is Step.MARK_MAKING:
            self.stage = Stage.MAKING
        elif step is Step.MARK_READY:
            self.stage = Stage.READY
        elif step is Step.MEND:
            self.content = Found.OURS
        elif step is Step.MAKE:
            self.formatted += 1
            parts = [(True, Found.UNREADABLE), (True, Found.NOTHING), (True, Found.HALF), (True, Found.OURS)]
            for integrity, content in parts[:cut]:
                self.integrity, self.content, self.opened = integrity, content, True

    def boot(self, *, cut_at=None, cut_in_make=None):
        """Go on until it is used or refused, or the power goes after `cut_at` steps."""
        self.opened = False
        for number in range(10):
            decision = decide(self.facts())
            if decision.step in (Step.USE, Step.REFUSE) or number == cut_at:
                return decision
            self.do(decision.step, cut=cut_in_make if number + 1 == cut_at else None)
        raise AssertionError("it goes round in circles")


@pytest.mark.parametrize("facts", EVERYTHING, ids=str)
def test_only_what_we_made_and_found_empty_is_formatted(facts):
    step = decide(facts).step

    if step is Step.MAKE:
        assert facts.stage is Stage.MAKING and facts.inside is not Found.OURS
    if step is Step.MARK_MAKING:
        assert facts.stage is Stage.NEW and (facts.outside is Found.NOTHING or facts.inside is Found.HALF)
    if facts.stage in (None, Stage.READY):
        assert step in (Step.REFUSE, Step.USE, Step.OPEN, Step.MEND)
    assert (step is Step.MEND) == (facts.stage is Stage.READY and facts.inside is Found.LOST_BEGINNING)
    assert (step is Step.FORGET) == (facts.stage is Stage.FORGET)
    if facts.inside is Found.OURS and facts.stage and facts.stage is not Stage.FORGET:
        assert step in (Step.USE, Step.MARK_READY, Step.OPEN)


@pytest.mark.parametrize("facts", EVERYTHING, ids=str)
def test_a_refusal_says_why_and_nothing_else_does(facts):
    decision = decide(facts)

    assert bool(decision.why) == (decision.step is Step.REFUSE)


@pytest.mark.parametrize("content", [Found.OURS, Found.OTHER, Found.NOTHING, Found.UNREADABLE])
@pytest.mark.parametrize("stage", [Stage.NEW, Stage.READY, None])
def test_what_is_found_in_an_integrity_partition_is_never_formatted(stage, content):
    card = Card(stage, integrity=True, content=content)

    decision = card.boot()

    assert card.formatted == 0
    assert decision.step is (Step.USE if content is Found.OURS and stage else Step.REFUSE)


@pytest.mark.parametrize("blank", [Found.OTHER, Found.UNREADABLE])
def test_what_others_left_in_a_new_partition_is_never_formatted(blank):
    card = Card(Stage.NEW, integrity=False, content=Found.NOTHING, blank=blank)

    assert card.boot().step is Step.REFUSE
    assert card.formatted == 0


def test_a_new_card_is_made_once_and_used_ever_after():
    card = Card(Stage.NEW, integrity=False, content=Found.NOTHING)

    assert card.boot().step is Step.USE
    assert card.boot().step is Step.USE
    assert (card.formatted, card.stage) == (1, Stage.READY)


def test_recordings_from_before_the_card_was_flashed_again_are_found():
    card = Card(Stage.NEW, integrity=True, content=Found.OURS)

    assert card.boot().step is Step.USE
    assert (card.formatted, card.stage) == (0, Stage.READY)


@pytest.mark.parametrize("cut_in_make", range(5))
@pytest.mark.parametrize("cut_at", range(1, 5))
def test_a_first_boot_goes_on_wherever_it_was_cut(cut_at, cut_in_make):
    card = Card(Stage.NEW, integrity=False, content=Found.NOTHING)
    card.boot(cut_at=cut_at, cut_in_make=cut_in_make)

    assert card.boot().step is Step.USE
    assert card.stage is Stage.READY and card.content is Found.OURS
    before = replace(card)
    assert card.boot().step is Step.USE
    assert card.formatted == before.formatted


def test_a_partition_in_use_that_was_destroyed_is_told_and_kept():
    decision = Card(Stage.READY, integrity=False, content=Found.NOTHING).boot()

    assert decision.step is Step.REFUSE
    assert "damaged" in decision.why


@pytest.mark.parametrize("content", [Found.OURS, Found.OTHER, Found.HALF, Found.UNREADABLE])
@pytest.mark.parametrize("integrity", [True, False])
@pytest.mark.parametrize("cut_in_make", range(5))
@pytest.mark.parametrize("cut_at", [None, *range(1, 6)])
def test_what_is_to_be_forgotten_is_gone_and_made_anew_wherever_it_was_cut(content, integrity, cut_in_make, cut_at):
    card = Card(Stage.FORGET, integrity=integrity, content=content, blank=Found.OTHER)
    if cut_at:
        card.boot(cut_at=cut_at, cut_in_make=cut_in_make)
        assert card.content is not content or card.formatted

    assert card.boot().step is Step.USE
    assert (card.stage, card.content) == (Stage.READY, Found.OURS)
    assert card.formatted >= 1
    made = card.formatted
    card.boot()
    assert card.formatted == made


def test_a_beginning_that_was_lost_is_mended_in_what_is_in_use_and_in_nothing_else():
    card = Card(Stage.READY, integrity=True, content=Found.LOST_BEGINNING)
    assert card.boot().step is Step.USE
    assert card.formatted == 0

    new = Card(Stage.NEW, integrity=True, content=Found.LOST_BEGINNING)
    assert new.boot().step is Step.REFUSE
    assert new.content is Found.LOST_BEGINNING


def test_what_its_own_beginning_says_of_a_file_system_counts_more_than_blkid():
    for blkid in ("", "ext4", "xfs", None):
        assert inside(blkid, "", name="state", lacks=[]) is Found.OURS
        assert inside(blkid, "", name="state", lacks=[(0, b"")]) is Found.LOST_BEGINNING


def test_blkids_words_are_understood():
    assert [outside(word) for word in ("", "DM_integrity", "ext4", "crypto_LUKS", None)] == [
        Found.NOTHING, Found.INTEGRITY, Found.OTHER, Found.OTHER, Found.UNREADABLE,
    ]  # fmt: skip
    assert inside("ext4", "vigil-state", name="state", lacks=None) is Found.OURS
    assert inside("ext4", "state-unfinished", name="state", lacks=None) is Found.HALF
    assert inside("ext4", "vigil-video", name="state", lacks=None) is Found.OTHER
    assert inside("xfs", "vigil-state", name="state", lacks=None) is Found.OTHER
    assert inside("", "", name="state", lacks=None) is Found.NOTHING
    assert inside(None, "", name="state", lacks=None) is Found.UNREADABLE


@pytest.mark.parametrize("name", ["state", "video"])
def test_labels_fit_into_ext4(name):
    assert len(ready_label(name)) <= 16 and len(half_label(name)) <= 16
    assert ready_label(name) != half_label(name)
