"""What was written to the card is added up over starts and cards, and said as the estimate that it is."""

from __future__ import annotations

import json

import pytest

from vigil.clock.trust import Trust
from vigil.errors import FormatError
from vigil.events import Board
from vigil.guard.card_wear import DAY_S, TERABYTE, CardWear, Forecast, Worn, forecast
from vigil.guard.deeds import Deed, Enter, Keep, Seen
from vigil.guard.moment import Moment
from vigil.guard.probes import wear
from vigil.guard.probes.wear import WearSeen

GB = 10**9


def at(seconds: float) -> Moment:
    return Moment(round(seconds * 1_000_000), 0, Trust.SYNCED)


def look(written_bytes: int, *, boot: str = "b0", card: str = "c0", life_used: int = -1, spare: int = -1) -> Board:
    return Board(boot=boot, card=card, written_bytes=written_bytes, life_used=life_used, spare=spare)


def faults(deeds: list[Deed]) -> list[str]:
    """Why another card should be at hand, by what is seen of this one; it is said once for each change."""
    seen = [deed.said for deed in deeds if isinstance(deed, Seen)]
    return [found.why or found.id for said in seen if isinstance(said, WearSeen) for found in wear.look(said)]


def test_what_was_written_is_added_up_over_starts():
    worn = Worn()
    for boot, written, seconds in (("b0", 10, 5), ("b0", 30, 9), ("b1", 4, 3), ("b1", 7, 8), ("b2", 1, 1)):
        worn = worn.after(look(written, boot=boot), seconds)

    assert (worn.bytes, worn.seconds) == (30 + 7 + 1, 9 + 8 + 1)


def test_guard_beginning_anew_counts_nothing_twice():
    worn = Worn().after(look(30), 9)

    again = Worn.restored(json.loads(json.dumps(worn.saved()))).after(look(30), 9)

    assert again == worn


def test_another_card_begins_at_nought():
    worn = Worn().after(look(30 * GB), 9).after(look(2 * GB, boot="b1", card="c1"), 5)

    assert (worn.card, worn.bytes) == ("c1", 2 * GB)


def test_a_card_that_cannot_be_read_changes_nothing():
    worn = Worn().after(look(30), 9)

    assert worn.after(look(-1), 20) is worn


@pytest.mark.parametrize("values", [None, [], {}, {**Worn().saved(), "bytes": -1}, {**Worn().saved(), "card": 7},
                                    {**Worn().saved(), "seconds": True}])  # fmt: skip
def test_what_is_no_note_of_ours_is_refused(values):
    with pytest.raises(FormatError):
        Worn.restored(values)


def test_the_forecast_is_the_pace_so_far():
    worn = Worn(card="c0", bytes=500 * GB, seconds=10 * DAY_S)

    assert forecast(worn, look(0), endurance_tbw=20) == Forecast(used_pct=2.5, days=390)


def test_a_pace_is_not_known_before_a_day():
    worn = Worn(card="c0", bytes=500 * GB, seconds=DAY_S - 1)

    assert forecast(worn, look(0), endurance_tbw=20) == Forecast(used_pct=2.5, days=None)


def test_without_a_stated_endurance_nothing_is_made_up():
    assert forecast(Worn(bytes=9 * TERABYTE, seconds=99 * DAY_S), look(0), endurance_tbw=0) == Forecast()


def test_what_the_card_says_itself_counts_for_more():
    worn = Worn(bytes=1, seconds=99 * DAY_S)

    assert forecast(worn, look(0, life_used=4), endurance_tbw=20) == Forecast(used_pct=30.0, stated=True)


def test_an_estimate_of_nine_tenths_is_a_fault_once():
    part = CardWear(Worn(card="c0", bytes=17 * TERABYTE, seconds=99 * DAY_S, boot="b0"), endurance_tbw=20)

    said = [faults(part.hear(look(n * TERABYTE // 2), at(n))) for n in range(5)]

    assert [len(one) for one in said] == [0, 0, 1, 1, 1]
    assert said[2] == [
        "by what was written to it, the card is estimated to be worn to 90 %, and to last for 11 days more at this pace"
    ]


@pytest.mark.parametrize(
    ("life_used", "spare", "words"),
    [
        (9, 1, ""),
        (10, 1, "the card says that it is worn to 90 % or more"),
        (11, 1, "worn"),
        (1, 2, "wear.spare"),
        (1, 3, "wear.spare"),
    ],
)
def test_what_an_emmc_says_is_a_fault(life_used, spare, words):
    part = CardWear(Worn(), endurance_tbw=0)

    said = faults(part.hear(look(1, life_used=life_used, spare=spare), at(0)))

    assert [words in one for one in said] == ([True] if words else [])


def test_a_card_of_which_nothing_is_known_is_not_said_to_be_well():
    part = CardWear(Worn(), endurance_tbw=0)

    assert not [deed for n in range(5) for deed in part.hear(look(n * TERABYTE), at(n)) if isinstance(deed, Seen)]


def test_it_is_noted_at_first_sight_and_then_once_an_hour():
    part = CardWear(Worn(), endurance_tbw=0)

    kept = [
        (second, deed.state["bytes"])
        for second in range(0, 3 * 3600, 2)
        for deed in part.hear(look(1000 * second), at(second))
        if isinstance(deed, Keep)
    ]

    assert kept == [(0, 0), (3600, 3_600_000), (7200, 7_200_000)]


def test_it_is_put_into_the_journal_once_a_day():
    part = CardWear(Worn(card="c0", boot="b0"), endurance_tbw=2)

    entered = [
        deed.fields
        for hour in range(49)
        for deed in part.hear(look(hour * 10 * GB), at(hour * 3600))
        if isinstance(deed, Enter)
    ]

    assert entered == [
        {"card": "c0", "written_bytes": 240 * GB, "stated": False, "used_pct": 12, "days": 7},
        {"card": "c0", "written_bytes": 480 * GB, "stated": False, "used_pct": 24, "days": 6},
    ]
