"""Which signs count for whom: an address, a hardware address, a host name; and what a router says for others."""

from __future__ import annotations

import pytest

from vigil.body.asking import WITNESS, Asking
from vigil.body.neighbours import Neighbour, OwnEnd
from vigil.config.model_presence import Member, Presence
from vigil.processes.lookout_marks import Marks
from vigil.processes.lookout_names import EVERY_S, SOON_S, NamesLookedUp, address_of

REACHABLE, STALE = 2, 4
ROUTER = Neighbour("10.0.0.1", "02:00:00:00:00:01", REACHABLE)
HERS = "02:00:00:00:00:14"
OWN = OwnEnd(up=True, routers=("10.0.0.1",))


def marks(device: str, **presence: str) -> tuple[Marks, Asking]:
    made = Marks(Presence(**presence), [Member(id="anna", device=device)])  # type: ignore[arg-type]
    asking = Asking(["anna"], interval_us=30_000_000, now_us=0)
    made.place(asking, OWN, {"anna.lan": "10.0.0.20"})
    return made, asking


def seen(device: str, *table: Neighbour, replied: str = "", **presence: str) -> dict[str, str]:
    made, asking = marks(device, **presence)
    return made.seen(asking, [ROUTER, *table], OWN.routers, {replied})


@pytest.mark.parametrize("device", ["10.0.0.20", "anna.lan", HERS, "02-00-00-00-00-14"])
@pytest.mark.parametrize(("state", "there"), [(REACHABLE, True), (STALE, False), (8, False), (16, False)])
def test_however_a_device_is_written_reachable_is_there_and_nothing_else(device, state, there):
    found = seen(device, Neighbour("10.0.0.20", HERS, state))

    assert found == {WITNESS: "neighbours", **({"anna": "neighbours"} if there else {})}


def test_a_router_that_answers_for_others_proves_nothing():
    assert "anna" not in seen("10.0.0.20", Neighbour("10.0.0.20", ROUTER.hardware, REACHABLE))


def test_a_hardware_address_is_not_proved_by_who_has_its_old_address_now():
    other = Neighbour("10.0.0.20", "02:00:00:00:00:99", REACHABLE)
    made, asking = marks(HERS)
    asking.at("anna", "10.0.0.20")

    assert "anna" not in made.seen(asking, [ROUTER, other], OWN.routers, {"anna"})
    assert not made.replied("anna")


def test_a_hardware_address_that_is_stale_and_replied_is_there_and_is_asked_where_it_is():
    made, asking = marks(HERS)
    table = [ROUTER, Neighbour("fe80::14", HERS, STALE), Neighbour("10.0.0.31", HERS, STALE)]
    assert made.lost(asking)
    assert "anna" not in made.seen(asking, table, OWN.routers, set())
    assert asking.address_of("anna") == "10.0.0.31"

    assert made.seen(asking, table, OWN.routers, {"anna"})["anna"] == "ping"
    asking.answered("anna", 5)
    assert not made.lost(asking)


def test_the_owner_may_say_what_counts():
    reachable = Neighbour("10.0.0.20", HERS, REACHABLE)

    assert "anna" not in seen("10.0.0.20", reachable, method="ping")
    assert marks("10.0.0.20", method="ping")[0].replied("anna")
    assert not marks("10.0.0.20", method="neighbours")[0].replied("anna")


def test_the_witness_is_the_router_or_whoever_was_named():
    assert marks("10.0.0.20")[1].address_of(WITNESS) == "10.0.0.1"
    assert marks("10.0.0.20", witness="10.0.0.7")[1].address_of(WITNESS) == "10.0.0.7"
    assert seen("10.0.0.20", witness="10.0.0.7") == {}


def test_names_are_asked_again_soon_while_one_is_unknown_and_keep_what_they_had():
    book = {"anna.lan": "10.0.0.20"}
    names = NamesLookedUp(["anna.lan", "ben.lan"], ask=lambda name: book.get(name, ""))
    assert names.look_up() == SOON_S and names.found() == {"anna.lan": "10.0.0.20"}

    book["ben.lan"] = "10.0.0.21"
    assert names.look_up() == EVERY_S
    book.clear()
    names.look_up()
    assert names.found() == {"anna.lan": "10.0.0.20", "ben.lan": "10.0.0.21"}


def test_a_name_that_leads_out_of_the_house_is_no_name():
    assert address_of("127.0.0.1") == "" and address_of("8.8.8.8") == ""
    assert address_of("10.0.0.20") == "10.0.0.20"
    assert address_of("x" * 64 + ".lan") == ""
