"""A file system that the kernel has closed is told from one that is merely read-only to us."""

from __future__ import annotations

import pytest

from vigil.upkeep.closed import closed

PLACES = ("/vigil/state", "/vigil/video")


def line(place: str, of_the_mount: str, of_the_file_system: str) -> str:
    return f"61 28 253:2 / {place} {of_the_mount} shared:37 - ext4 /dev/mapper/x {of_the_file_system}\n"


OPEN = line("/vigil/state", "rw,noatime", "rw,errors=remount-ro")


@pytest.mark.parametrize("options", ["ro,errors=remount-ro", "rw,errors=remount-ro,emergency_ro"])
def test_a_closed_file_system_is_named(options: str):
    said = closed(OPEN + line("/vigil/video", "rw,noatime", options), PLACES)

    assert said.startswith("the kernel has found an error in the file system of /vigil/video")


@pytest.mark.parametrize(
    "mounts",
    [
        "",
        OPEN,
        OPEN + line("/vigil/video", "ro,noatime", "rw,errors=remount-ro"),
        OPEN + line("/", "ro", "ro"),
        "61 28 253:2 / /vigil/video\nnonsense\n",
    ],
    ids=["nothing", "open", "a cage", "the root", "garbage"],
)
def test_everything_else_is_not(mounts: str):
    assert closed(mounts, PLACES) == ""
