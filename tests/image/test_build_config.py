"""The image's configuration: the one that ships is whole, and every mistake of a wrong one is told at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from builder import archive
from builder.config import Image, read_image
from builder.errors import BuildError, ConfigError
from fakes.repository import ROOT

LAYERS = sorted((ROOT / "image/layers").glob("*.toml"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of the configuration, to be spoilt."""
    shutil.copytree(ROOT / "image/layers", tmp_path / "layers")
    shutil.copy(ROOT / "image/vigil.toml", tmp_path / "vigil.toml")
    return tmp_path


def spoil(path: Path, *changes: tuple[str, str]) -> None:
    """Replace words of a file, each of which must be there."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def problems(place: Path, board: str | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_image(place / "vigil.toml", board)
    return caught.value.problems


@pytest.mark.parametrize("board", ["debian", "raspberrypi"])
def test_what_ships_is_whole(board: str):
    assert {path.stem for path in LAYERS} == {"base", "vigil", "debian", "raspberrypi"}

    image = read_image(ROOT / "image/vigil.toml", board)

    assert image.board == board
    assert {"systemd", "python3", "rauc"} <= set(image.packages("packages"))
    assert "raspi-firmware" in image.packages("hardware")
    assert image.boot.arguments and image.modules and image.firmware


def every_reason(image: Image) -> dict[str, str]:
    """Each package, removal and pin with its reason."""
    kinds = ("packages", "workshop", "hardware", "remove")
    said = {name: why for layer in image.layers for kind in kinds for name, why in getattr(layer, kind).items()}
    return said | {name: pin.reason for name, pin in image.pins().items()} | image.python.left_out


def test_every_line_has_its_reason():
    reasons = every_reason(read_image(ROOT / "image/vigil.toml"))

    assert len(reasons) > 50
    assert [name for name, why in reasons.items() if len(why) < 4] == []


def test_no_driver_that_taints_a_kernel_of_debian_is_asked_for():
    layers = read_image(ROOT / "image/vigil.toml").layers

    kept = [word for layer in layers for word in layer.modules]
    assert kept
    assert [word for word in kept if "staging" in word] == []


def test_a_release_that_packages_are_pinned_to_gives_nothing_else():
    said = archive.preferences(read_image(ROOT / "image/vigil.toml"))

    assert "Package: *\nPin: release n=forky\nPin-Priority: -1" in said
    assert "Package: rauc\nPin: release n=forky\nPin-Priority: 990" in said


def test_every_mistake_is_told_at_once(place: Path):
    spoil(
        place / "vigil.toml",
        ('name = "vigil"', 'called = "vigil"'),
        ("boot_mib = 256", "boot_mib = 16"),
        ('signature = "56494749"', 'signature = "VIGI"'),
        ("rebuild_s = 90", 'rebuild_s = "90"'),
    )
    spoil(
        place / "layers/base.toml",
        ('systemd = "starts, watches and cages every process"', "systemd = 5"),
        ('rauc = ["forky",', 'rauc = ["sid",'),
        ('"var/log" =', '"/var/log" ='),
    )
    spoil(place / "layers/debian.toml", ("uboot_virt = ", "uboot_vrt = "))

    told = problems(place)

    assert told == [
        "vigil.toml:name: is missing",
        "vigil.toml:disk.signature: must be eight of 0-9 a-f",
        "vigil.toml:disk.boot_mib: FAT32 needs at least 64 MiB",
        "vigil.toml:budget.rebuild_s: must be a whole number above 0",
        "vigil.toml:called: not a setting",
        "layers/base.toml:packages.systemd: must be a text that is not empty",
        "layers/base.toml:remove./var/log: must be a path inside the root, without / in front",
        "layers/debian.toml:boot.uboot_virt: is missing",
        "layers/debian.toml:boot.uboot_vrt: not a setting",
        "layers/base.toml:pins.rauc: no layer has 'sid' in its sources",
    ]


def test_a_board_without_a_layer_is_told(place: Path):
    told = problems(place, "toaster")

    assert told[0] == "toaster.toml: there is no such file in layers/"
    assert "[boot]: one layer must have it, found none" in told


def test_a_file_that_is_no_toml_is_told_with_the_line(place: Path):
    spoil(place / "layers/vigil.toml", ("[python]", "[python"))

    assert any(line.startswith("vigil.toml: Expected ']'") and "line" in line for line in problems(place))


def test_a_foreign_archive_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch):
    image = read_image(ROOT / "image/vigil.toml", "raspberrypi")
    monkeypatch.setattr(archive, "mirrors", lambda: {"plain": "file:///debian"})
    monkeypatch.delenv("IMAGE_ARCHIVE_RASPBERRYPI", raising=False)

    with pytest.raises(BuildError, match="IMAGE_ARCHIVE_RASPBERRYPI_KEYRING"):
        archive.sources(image)

    monkeypatch.setenv("IMAGE_ARCHIVE_RASPBERRYPI", "file:///pi")
    monkeypatch.setenv("IMAGE_ARCHIVE_RASPBERRYPI_KEYRING", "/pi.gpg")
    assert "deb [signed-by=/pi.gpg] file:///pi trixie main" in archive.sources(image)
    assert "Pin: release l=Raspberry Pi Foundation,n=trixie" in archive.preferences(image)
