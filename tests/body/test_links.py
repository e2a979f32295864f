"""Which sockets and radios are connected, by the kernel's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigil.body.links import links


def put(system: Path, name: str, state: str | None, *, touchable: bool = True) -> None:
    place = system / "class/net" / name
    place.mkdir(parents=True)
    if touchable:
        (place / "device").mkdir()
    if state is not None:
        (place / "operstate").write_text(f"{state}\n")


@pytest.mark.parametrize(
    ("state", "is_up"),
    [("up", True), ("unknown", True), ("down", False), ("dormant", False), ("lowerlayerdown", False), (None, False)],
)
def test_a_device_is_connected_where_the_kernel_says_so_or_cannot_tell(tmp_path, state, is_up):
    put(tmp_path, "eth0", state)

    assert links(tmp_path) == {"eth0": is_up}


def test_what_nobody_could_touch_is_left_out(tmp_path):
    put(tmp_path, "lo", "unknown", touchable=False)
    put(tmp_path, "docker0", "up", touchable=False)
    put(tmp_path, "wlan0", "down")
    put(tmp_path, "eth0", "up")

    assert list(links(tmp_path).items()) == [("eth0", True), ("wlan0", False)]


def test_a_box_without_any_has_none(tmp_path):
    assert links(tmp_path) == {}
