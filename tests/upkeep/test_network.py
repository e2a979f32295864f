"""Whether a network is reached: the routes of the kernel say so."""

from __future__ import annotations

from pathlib import Path

from vigil.upkeep.network import has_way_out

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
EVERYWHERE = "eth0\t00000000\t0202000A\t0003\t0\t0\t1024\t00000000\t0\t0\t0\n"
NEAR = "eth0\t0002000A\t00000000\t0001\t0\t0\t1024\t00FFFFFF\t0\t0\t0\n"
LOOP6 = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200       lo\n"
EVERYWHERE6 = f"{'0' * 32} 00 {'0' * 32} 00 fe80{'0' * 28} 00000400 00000001 00000000 00000003     eth0\n"


def reached(place: Path, ipv4: str, ipv6: str = "") -> bool:
    (place / "route").write_text(ipv4)
    (place / "ipv6_route").write_text(ipv6)
    return has_way_out(place)


def test_a_route_to_everywhere_is_a_network(tmp_path: Path):
    assert reached(tmp_path, HEAD + NEAR + EVERYWHERE)
    assert reached(tmp_path, HEAD, LOOP6 + EVERYWHERE6)


def test_a_route_to_the_neighbours_or_to_nowhere_is_none(tmp_path: Path):
    assert not has_way_out(tmp_path / "nothing")
    assert not reached(tmp_path, HEAD + NEAR, LOOP6)
    assert not reached(tmp_path, HEAD + EVERYWHERE.replace("0003", "0000"), EVERYWHERE6.replace("00000003", "00000002"))
    assert not reached(tmp_path, "eth0 rubbish\n\n", "rubbish\n")
