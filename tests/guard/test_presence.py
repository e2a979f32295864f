"""Nobody leaves because the network does, nobody comes back who was not away, and the journal says who it was."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.presence_at_work import FAMILY, SECOND, House
from vigil.config.model_presence import Member, Presence
from vigil.guard.facts import Looked

PRESENCE = Presence()
EVERYBODY = ("anna", "ben", "carl")


def house(*there: str, presence: Presence = PRESENCE, **more: object) -> House:
    """A house in which everybody has been looked for, for a quarter of an hour."""
    one = House(presence, there=there, **more)  # type: ignore[arg-type]
    one.passes(900)
    return one


@pytest.mark.parametrize(
    ("there", "state"),
    [
        ((), "EMPTY"), (("guest",), "EMPTY"), (EVERYBODY, "ALL_HOME"), ((*EVERYBODY, "guest"), "ALL_HOME"),
        (("anna",), "ADULTS_HOME"), (("anna", "ben"), "ADULTS_HOME"), (("ben", "carl"), "ADULTS_HOME"),
        (("carl",), "KIDS_HOME"), (("carl", "guest"), "KIDS_HOME"),
    ],
)  # fmt: skip
def test_the_state_follows_from_who_is_there_by_their_roles(there, state):
    assert house(*there).states == [state]


def test_of_a_new_household_nobody_knows_until_everybody_answered_or_had_the_time_to():
    one = House(PRESENCE, there=["anna"])
    one.passes(590)
    assert one.states == [] and one.home.why(one.steady_us) == "it is not known yet of ben, carl"

    one.passes(30)
    assert one.states == ["ADULTS_HOME"]


def test_who_comes_home_is_there_at_once_and_the_journal_says_who():
    one = house()
    one.comes("carl")

    assert one.states == ["EMPTY", "KIDS_HOME"]
    assert one.entered("presence.changed")[-1] == {"before": "EMPTY", "after": "KIDS_HOME", "who": "carl"}


def test_who_leaves_is_gone_after_the_delay_and_not_before():
    one = house(*EVERYBODY)
    one.there = {"ben", "carl"}
    one.passes(599)
    assert one.states == ["ALL_HOME"]

    one.passes(15)
    assert one.states == ["ALL_HOME", "ADULTS_HOME"]
    assert one.entered("presence.changed")[-1]["who"] == "anna"


def test_each_member_may_have_a_delay_of_their_own():
    slow = (FAMILY[0], replace(FAMILY[1], departure_delay_s=3600))
    one = House(PRESENCE, slow, there=["anna", "ben"])
    one.passes(60)
    one.there = set()
    one.passes(620)
    assert one.states == ["ALL_HOME", "ADULTS_HOME"]

    one.passes(2900)
    assert one.states[-1] == "ADULTS_HOME"
    one.passes(100)
    assert one.states[-1] == "EMPTY"


def test_a_phone_that_sleeps_for_less_than_the_delay_has_not_left():
    one = house(*EVERYBODY)
    for _ in range(5):
        one.there.discard("anna")
        one.passes(580)
        one.there.add("anna")
        one.passes(20)

    assert one.states == ["ALL_HOME"]


@pytest.mark.parametrize("away", ["the router", "the cable"])
def test_nobody_leaves_because_the_network_does(away):
    one = house(*EVERYBODY)
    one.there, one.router = set(), False
    one.trouble = "no cable is plugged in" if away == "the cable" else ""
    one.passes(3 * 3600)
    assert one.states == ["ALL_HOME", "unknown"]
    why = one.entered("presence.changed")[-1]["why"]
    assert "no cable is plugged in" in why if one.trouble else "the router does not answer" in why

    # It is back; phones come back some minutes later.
    one.router, one.trouble = True, ""
    one.passes(300)
    one.there = set(EVERYBODY)
    one.passes(900)
    assert one.states == ["ALL_HOME", "unknown", "ALL_HOME"]


def test_a_network_that_comes_back_gives_everybody_the_whole_delay():
    one = house(*EVERYBODY)
    one.there, one.router = set(), False
    one.passes(3600)
    one.router = True
    one.passes(595)
    assert "EMPTY" not in one.states

    one.passes(30)
    assert one.states[-1] == "EMPTY"


def test_who_was_away_is_looked_for_anew_before_a_house_is_called_empty_again():
    """A rule that waits for EMPTY would fire at once otherwise, on whoever came home meanwhile."""
    one = house()
    one.router = False
    one.passes(600)
    assert one.states == ["EMPTY", "unknown"]
    one.router = True
    one.tell(Looked(witness=True))
    assert one.states[-1] == "unknown"

    one.passes(10)
    assert one.states[-1] == "EMPTY"


def test_nobody_vouches_for_their_own_going():
    alone = House(PRESENCE, FAMILY[:1], there=["anna"])
    alone.router = False
    alone.passes(60)
    alone.there = set()
    alone.passes(7200)
    assert alone.states == ["ALL_HOME", "unknown"]

    # Where one asks rarely, the network is trusted for long: not by the word of who left.
    rare = House(replace(PRESENCE, ping_interval_s=600), FAMILY[:1], there=["anna"])
    rare.router = False
    rare.passes(60)
    rare.there = set()
    rare.passes(1500)
    assert rare.states == ["ALL_HOME"]


def test_without_a_router_that_answers_another_member_is_witness_enough():
    one = House(PRESENCE, there=EVERYBODY)
    one.router = False
    one.passes(60)
    one.there = {"ben"}
    one.passes(700)

    assert one.states[-1] == "ADULTS_HOME"
    assert one.entered("presence.changed")[-1]["who"] == "anna, carl"


def test_a_witness_that_was_named_is_the_only_one():
    """The cabled router still answers while the access point, and every phone with it, is away."""
    one = house(*EVERYBODY, presence=replace(PRESENCE, witness="plug.lan"))
    one.router = False
    one.there = {"ben"}
    one.passes(3600)

    assert one.states == ["ALL_HOME", "unknown"]
    assert "plug.lan does not answer" in one.home.why(one.steady_us)


def test_a_lookout_that_died_makes_nobody_leave():
    one = house(*EVERYBODY)
    one.looking = False
    one.passes(3600)
    assert one.states == ["ALL_HOME", "unknown"]
    assert "lookout is away" in one.entered("presence.changed")[-1]["why"]

    one.looking = True
    one.passes(10)
    assert one.states == ["ALL_HOME", "unknown", "ALL_HOME"]


def test_a_lookout_that_is_killed_and_comes_back_is_not_even_noticed():
    one = house(*EVERYBODY)
    one.looking = False
    one.passes(25)
    one.looking = True
    one.passes(60)

    assert one.states == ["ALL_HOME"]


def test_who_is_asked_by_nobody_does_not_leave():
    """Silence of a member counts only where somebody asked: the turns of 200 others may take long."""
    one = house("anna", "ben")
    for _ in range(200):
        one.steady_us += 10 * SECOND
        one.tell(Looked({"anna": "ping"}, (), witness=True))

    assert one.states == ["ADULTS_HOME"]


def test_after_a_restart_nobody_has_come_and_nobody_has_gone():
    one = house("anna")
    since = [known.since_us for known in one.home.known()]
    one.restarts()
    assert one.home.state == "unknown"

    one.passes(30)
    assert one.states == ["ADULTS_HOME", "restart", "ADULTS_HOME"]
    assert [known.since_us for known in one.home.known()] == since
    assert one.entered("presence.changed")[-1] == {"before": "unknown", "after": "ADULTS_HOME"}


def test_who_left_while_the_box_was_off_is_gone_after_the_delay():
    one = house("anna")
    one.there = set()
    one.restarts(after_s=7200)
    one.passes(590)
    assert one.states[-1] == "restart"

    one.passes(30)
    assert one.states[-1] == "EMPTY"
    assert one.entered("presence.changed")[-1]["who"] == "anna"


@pytest.mark.parametrize(
    "kept",
    [
        None, [], "x", {"members": 3}, {"members": {"anna": 5, "ben": {"home": "yes", "since_us": 1}}},
        {"members": {"anna": {"home": True}}, "known": "FULL", "armed": "yes"}, {"known": None, "armed": 1},
    ],
)  # fmt: skip
def test_a_memory_that_is_lost_or_nonsense_is_no_memory(kept):
    one = House(PRESENCE, there=["anna"], kept=kept)
    one.passes(700)

    assert one.states == ["ADULTS_HOME"]


def test_guests_and_comings_that_change_nothing_are_kept_and_not_entered():
    one = house("anna")
    before = len(one.journal)
    one.comes("guest")
    one.comes("ben")

    assert one.journal[before:] == []
    assert one.kept["presence"]["members"]["guest"]["home"] is True
    assert one.kept["presence"]["members"]["ben"]["home"] is True


def test_what_changes_is_kept_then_entered_then_told():
    one = house()
    one.order.clear()
    one.comes("anna")

    assert one.order[:3] == ["Keep", "Enter", "Happened"]


def test_no_device_is_in_the_journal_or_in_the_memory():
    one = house(*EVERYBODY)
    one.there = set()
    one.passes(700)

    written = json.dumps([one.journal, one.kept])
    assert not [member.device for member in FAMILY if member.device in written]


def test_a_network_that_stays_away_is_a_fault_until_it_is_back():
    one = house(*EVERYBODY)
    one.there, one.router = set(), False
    one.passes(600)
    assert one.faults == {}
    one.passes(600)
    assert "the router does not answer" in one.faults["presence"]

    one.router = True
    one.passes(10)
    assert one.faults["presence"] == ""


def test_a_state_that_flaps_with_the_network_stays_a_handful_of_entries():
    one = house(*EVERYBODY)
    before = len(one.journal)
    for _ in range(360):
        one.router = not one.router
        one.there = set(EVERYBODY) if one.router else set()
        one.passes(10)

    assert one.journal[before:] == []


def test_names_that_nobody_has_are_left_out():
    one = house("anna")
    one.tell(Looked({"mallory": "ping"}, ("trent",), witness=True))

    assert one.states == ["ADULTS_HOME"]


_LOOKS = st.builds(
    Looked,
    st.dictionaries(st.sampled_from([*EVERYBODY, "guest", "mallory"]), st.just("ping")),
    st.lists(st.sampled_from([*EVERYBODY, "guest"])).map(tuple), st.booleans(),
)  # fmt: skip


@given(st.lists(st.tuples(_LOOKS, st.integers(0, 400)), max_size=30), st.booleans())
def test_nobody_is_gone_who_answered_within_the_delay(looks, named):
    """Whatever the network does: a state never leaves out somebody who answered less than the delay ago."""
    members = (*FAMILY[:3], Member(id="guest", device="10.0.0.5", role="guest"))
    one = House(replace(PRESENCE, witness="plug.lan" if named else ""), members)
    answered: dict[str, int] = {}
    for looked, wait_s in looks:
        one.steady_us += wait_s * SECOND
        answered |= dict.fromkeys(looked.seen, one.steady_us)
        one.tell(looked)
        late = {name for name, at_us in answered.items() if one.steady_us - at_us < 600 * SECOND}
        gone = {known.member.id for known in one.home.known() if known.home is False}
        assert not late & gone
        if late & set(EVERYBODY):
            assert one.home.state != "EMPTY"
