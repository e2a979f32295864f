"""The kernel's tables become words; garbage becomes nothing."""

from __future__ import annotations

import ipaddress
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.body.neighbours import Neighbour, OwnEnd, Table, at_router, neighbours_of, own_end_of
from vigil.body.netlink import attributes, messages

HARDWARE = bytes.fromhex("020000000014")


def neighbour(state: int, *, address: str = "10.0.0.20", hardware: bytes = HARDWARE) -> tuple:
    packed = ipaddress.ip_address(address).packed
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    return (family, 2, state, 0, 1), {1: packed, 2: hardware}


@pytest.mark.parametrize(
    ("state", "heard", "reachable"),
    [(0x01, False, False), (0x02, True, True), (0x04, True, False), (0x08, True, False), (0x10, True, False),
     (0x20, False, False), (0x40, False, False), (0x80, False, False)],
)  # fmt: skip
def test_only_reachable_means_that_somebody_is_there(state, heard, reachable):
    found = neighbours_of([neighbour(state)])

    assert [one.address for one in found] == (["10.0.0.20"] if heard else [])
    assert any(one.reachable for one in found) is reachable


def test_both_families_are_read_and_what_has_no_hardware_address_is_left_out():
    rows = [
        neighbour(2, address="fe80::1"), neighbour(2, hardware=b""), ((socket.AF_INET, 2, 2, 0, 1), {}),
        ((socket.AF_INET, 2, 2, 0, 1), {1: b"\x0a\x00", 2: HARDWARE}),
    ]  # fmt: skip

    assert neighbours_of(rows) == [Neighbour("fe80::1", "02:00:00:00:00:14", 2)]


def link(index: int, flags: int) -> tuple:
    return (0, 1, index, flags, 0), {}


def own(address: str, length: int, index: int) -> tuple:
    return (2, length, 0, 0, index), {2: ipaddress.ip_address(address).packed}


def route(length: int, gateway: str, table: int = 254) -> tuple:
    return (2, length, 0, 0, table, 0, 0, 1, 0), {5: ipaddress.ip_address(gateway).packed} if gateway else {}


def test_the_boxs_own_end_is_what_runs_and_is_not_loopback():
    links = [link(1, 0x49), link(2, 0x41), link(3, 0x01)]
    addresses = [own("127.0.0.1", 8, 1), own("10.0.0.2", 24, 2), own("10.1.0.2", 24, 3)]
    routes = [route(0, "10.0.0.1"), route(24, "10.0.0.9"), route(0, ""), route(0, "10.0.0.8", table=7)]
    found = own_end_of(links, addresses, routes)

    assert found == OwnEnd(True, (ipaddress.IPv4Interface("10.0.0.2/24"),), ("10.0.0.1",))
    assert found.trouble == ""
    assert len(found.to_search()) == 253 and "10.0.0.2" not in found.to_search()


def test_what_is_wrong_with_the_network_is_said():
    assert "no cable is plugged in" in own_end_of([link(1, 0x49)], [own("127.0.0.1", 8, 1)], []).trouble
    assert "given the box no address" in own_end_of([link(2, 0x41)], [], []).trouble


def test_a_network_that_is_too_large_is_not_asked_through():
    large = own_end_of([link(2, 0x41)], [own("10.0.0.2", 16, 2), own("10.1.0.2", 23, 2)], [])

    assert len(large.to_search()) == 509


def test_who_has_the_routers_hardware_address_is_known():
    table = neighbours_of([neighbour(2, address="10.0.0.1"), neighbour(4, address="10.0.0.5", hardware=b"\x02" * 6)])

    assert at_router(table, ["10.0.0.1"]) == {"02:00:00:00:00:14"}


def test_the_tables_of_this_machine_can_be_read_by_anybody():
    table = Table()
    try:
        assert isinstance(table.own_end(), OwnEnd)
        assert all(len(one.hardware) == 17 for one in table.neighbours())
    finally:
        table.close()


@given(st.binary(max_size=300))
def test_garbage_is_read_to_its_end_and_no_further(noise: bytes):
    for _, _, payload in messages(noise):
        assert payload in noise
    assert all(value in noise for value in attributes(noise).values())


def test_what_is_cut_off_is_left_out():
    whole = struct.pack("=IHHII", 20, 28, 0, 7, 0) + b"abcd"

    assert list(messages(whole + whole[:18])) == [(28, 7, b"abcd")]
    assert attributes(struct.pack("=HH", 8, 1) + b"wxyz" + struct.pack("=HH", 9, 2) + b"abc") == {1: b"wxyz"}
    assert list(messages(struct.pack("=IHHII", 3, 28, 0, 7, 0))) == []
