"""Each row of the table: what a hold is worth, whoever's the box is."""

from __future__ import annotations

import itertools

import pytest

from vigil.guard.claim_table import Circumstances, Hold, Outcome, verdict
from vigil.guard.ownership import Owned

OPEN, ANNOUNCE, REFUSE, NOTHING = Outcome.OPEN, Outcome.ANNOUNCE, Outcome.REFUSE, Outcome.NOTHING
U, P, C, X = Owned.UNCLAIMED, Owned.PREPARED, Owned.CLAIMED, Owned.UNKNOWN

ROWS = [
    # hold          the box   disarmed  stick  waiting ripe    comes of it
    (Hold.CLAIM,    (U,),     None,     None,  False,  False,  OPEN),
    (Hold.CLAIM,    (P,),     True,     False, False,  False,  OPEN),
    (Hold.CLAIM,    (P,),     False,    False, False,  False,  REFUSE),
    (Hold.CLAIM,    (P,),     None,     True,  False,  False,  NOTHING),
    (Hold.CLAIM,    (C, X),   None,     None,  False,  False,  NOTHING),
    (Hold.CLAIM,    (C, X),   None,     None,  True,   False,  NOTHING),
    (Hold.CLAIM,    (C, X),   True,     False, True,   True,   OPEN),
    (Hold.CLAIM,    (C, X),   False,    False, True,   True,   REFUSE),
    (Hold.CLAIM,    (C, X),   None,     True,  True,   True,   NOTHING),
    (Hold.TAKEOVER, (U, P),   None,     None,  False,  False,  NOTHING),
    (Hold.TAKEOVER, (C, X),   True,     False, False,  False,  ANNOUNCE),
    (Hold.TAKEOVER, (C, X),   True,     True,  False,  False,  REFUSE),
    (Hold.TAKEOVER, (C, X),   False,    None,  None,   None,   REFUSE),
    (Hold.TAKEOVER, (C, X),   True,     False, True,   None,   NOTHING),
    (Hold.COMMAND,  (U,),     None,     None,  False,  False,  OPEN),
    (Hold.COMMAND,  (P, X),   True,     None,  False,  False,  OPEN),
    (Hold.COMMAND,  (P, X),   False,    None,  False,  False,  REFUSE),
    (Hold.COMMAND,  (C,),     None,     None,  None,   False,  REFUSE),
    (Hold.COMMAND,  (C,),     True,     None,  True,   True,   OPEN),
    (Hold.COMMAND,  (C,),     False,    None,  True,   True,   REFUSE),
]  # fmt: skip


def either(value: bool | None) -> tuple[bool, ...]:
    return (True, False) if value is None else (value,)


@pytest.mark.parametrize("row", ROWS)
def test_each_row(row):
    hold, owners, disarmed, stick, waiting, ripe, outcome = row
    for owned, *rest in itertools.product(owners, *map(either, (disarmed, stick, waiting, ripe))):
        now = Circumstances(owned=owned, disarmed=rest[0], stick=rest[1], waiting=rest[2], ripe=rest[3])
        found = verdict(hold, now)
        assert found.outcome is outcome, now
        assert bool(found.why) is (outcome is REFUSE or (hold is Hold.TAKEOVER and outcome is NOTHING))


def test_nothing_but_an_unclaimed_box_is_opened_while_it_is_not_disarmed():
    for hold, owned, stick, ripe in itertools.product(Hold, Owned, (True, False), (True, False)):
        now = Circumstances(owned=owned, disarmed=False, stick=stick, waiting=ripe, ripe=ripe)
        if owned is not U:
            assert verdict(hold, now).outcome in (REFUSE, NOTHING)


def test_with_a_stick_in_a_box_that_keeps_recordings_a_press_opens_and_announces_nothing():
    """A hold is for an export then."""
    for hold, owned, ripe in itertools.product((Hold.CLAIM, Hold.TAKEOVER), (P, C, X), (True, False)):
        now = Circumstances(owned=owned, disarmed=True, stick=True, waiting=ripe, ripe=ripe)
        assert verdict(hold, now).outcome in (REFUSE, NOTHING)


def test_no_press_both_claims_and_takes_over():
    for owned, waiting in itertools.product(Owned, (True, False)):
        now = Circumstances(owned=owned, disarmed=True, waiting=waiting)
        outcomes = [verdict(hold, now).outcome for hold in (Hold.CLAIM, Hold.TAKEOVER)]
        assert outcomes.count(OPEN) + outcomes.count(ANNOUNCE) <= 1
