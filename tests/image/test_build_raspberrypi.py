"""
Board `raspberrypi`, whose archive no test reaches: what can be known of it from an archive of like-named packages.

Names and places of files are those of Raspberry Pi's kernel packages for trixie; whether these packages are still
made so, only a build against the real archive shows.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from boot.overlays import compiled_overlays
from boot.products import boot_files
from builder import archive, bill, kernel
from builder.apt import Apt, private_apt
from builder.build import commit_time
from builder.card import Ingredients, make_card, make_slot
from builder.config import Image, read_image
from builder.errors import BuildError
from builder.verity import Verity
from fakes.archives import make_archive
from fakes.card import Card
from fakes.repository import ROOT

pytestmark = pytest.mark.host

KERNEL = "6.12.47+rpt-rpi-v8"
IMAGE = read_image(ROOT / "image/vigil.toml", "raspberrypi")
THEIRS = ["linux-image-rpi-v8", f"linux-image-{KERNEL}", "raspi-firmware", "firmware-brcm80211", "libcamera-ipa",
          "python3-libcamera", "python3-kms++", "systemd", "openssl"]  # fmt: skip


def named(image: Image) -> list[str]:
    """Every package that the layers name, without apt's patterns."""
    kinds = ("packages", "hardware", "workshop")
    return [name for kind in kinds for name in image.packages(kind) if not name.startswith("?")]


@pytest.fixture
def apt(tmp_path: Path):
    """Debian's archive has all but the vendor's own; Raspberry Pi's has newer versions of many, as it really does."""
    theirs_alone = {"linux-image-rpi-v8", f"linux-image-{KERNEL}", "python3-kms++"}
    ours = {name: "1.0-1" for name in [*named(IMAGE), "openssl"] if name not in theirs_alone}
    lines = [make_archive(tmp_path / "debian", ours, release="trixie")]
    later = {"rauc": "1.15-1", "rauc-service": "1.15-1", "libnl-3-200": "3-1", "raspi-firmware": "5-1"}
    lines.append(make_archive(tmp_path / "debian", later, release="forky"))
    lines.append(make_archive(tmp_path / "debian", {"libcamera-ipa": "0.7-1"}, release="trixie-backports"))
    lines.append(
        make_archive(
            tmp_path / "pi",
            dict.fromkeys(THEIRS, "9.0-1+rpt1"),
            release="trixie",
            label=archive.LABELS["raspberrypi"],
            depends={"linux-image-rpi-v8": f"linux-image-{KERNEL}", "python3-libcamera": "openssl"},
        )
    )
    with private_apt(lines, preferences=archive.preferences(IMAGE)) as made:
        yield made


def theirs(found: dict[str, str]) -> set[str]:
    return {name for name, version in found.items() if "+rpt" in version}


def test_the_root_takes_cameras_from_raspberry_pi_and_everything_else_from_debian(apt: Apt):
    found = apt.would_install(IMAGE.packages("packages"))

    assert set(IMAGE.packages("packages")) <= set(found)
    assert theirs(found) == {"libcamera-ipa", "python3-libcamera", "python3-kms++"}
    assert found["systemd"] == found["openssl"] == "1.0-1"
    assert found["rauc"] == "1.15-1"


def test_kernel_and_firmware_come_from_raspberry_pi_and_u_boot_from_debian(apt: Apt):
    found = apt.would_install(IMAGE.packages("hardware"))

    assert theirs(found) == {"linux-image-rpi-v8", f"linux-image-{KERNEL}", "raspi-firmware", "firmware-brcm80211"}
    assert {"u-boot-rpi", "u-boot-qemu"} <= set(found) - theirs(found)


def test_an_archive_without_the_kernel_is_told(tmp_path: Path):
    line = make_archive(tmp_path, {"u-boot-rpi": "1"}, release="trixie")

    with private_apt([line]) as bare, pytest.raises(BuildError, match="linux-image-rpi-v8"):
        bare.would_install(IMAGE.packages("hardware"))


def test_its_kernel_is_in_the_bill():
    assert bill.SHIPPED.fullmatch(f"linux-image-{KERNEL}")
    assert not bill.SHIPPED.fullmatch("linux-image-rpi-v8")


@pytest.fixture
def hardware(tmp_path: Path) -> Path:
    """What the vendor's packages leave when they are taken apart, as far as names go."""
    tree = tmp_path / "hardware"
    files = [f"boot/vmlinuz-{KERNEL}", f"usr/lib/modules/{KERNEL}/modules.dep", *IMAGE.boot.files]
    files += [f"usr/lib/linux-image-{KERNEL}/broadcom/{name}.dtb" for name in IMAGE.boot.device_trees]
    files += [IMAGE.boot.uboot, IMAGE.boot.uboot_virt, "usr/share/doc/raspi-firmware/copyright"]
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(b"\x1f\x8b" + name.encode())
    return tree


def test_a_card_is_put_together_from_packages_of_that_shape(hardware: Path, tmp_path: Path):
    (tmp_path / "root.img").write_bytes(bytes(8192))
    Verity(root_hash="ab" * 32, hash_offset_bytes=4096, size_bytes=8192).write(tmp_path / "verity.json")
    (tmp_path / "initrd").write_bytes(b"first root")
    own, overlays = boot_files("raspberrypi"), compiled_overlays()
    parts = Ingredients(root=tmp_path, hardware=hardware, initrd=tmp_path, own=own, overlays=overlays)
    epoch = commit_time(ROOT)

    make_slot(tmp_path / "slot.img", IMAGE, parts, epoch)
    make_card(tmp_path, IMAGE, parts, tmp_path / "slot.img", epoch)

    assert kernel.version_of(hardware) == KERNEL
    card = Card(tmp_path / "card.img")
    for part in (2, 3):
        assert card.read(part, "vmlinuz").endswith(f"vmlinuz-{KERNEL}".encode())
        assert card.read(part, "dtbs/broadcom/bcm2710-rpi-zero-2-w.dtb")
        assert {name for name in overlays if card.read(part, name) == overlays[name]} == set(overlays)
    assert card.read(1, "bcm2712d0-rpi-5-b.dtb") and card.read(1, "start4.elf")
    assert card.read(1, "config.txt") == own["config.txt"]


def test_its_firmware_is_told_that_the_vendors_kernel_comes():
    said = {board: boot_files(board)["config.txt"].decode().splitlines() for board in ("debian", "raspberrypi")}

    assert "upstream_kernel=1" in said["debian"] and "upstream_kernel=1" not in said["raspberrypi"]
    assert {"camera_auto_detect=0", "kernel=u-boot.bin", "kernel_watchdog_timeout=60"} <= set(said["raspberrypi"])
    names = [line.partition("=")[0] for line in said["raspberrypi"] if re.match(r"\w+=", line)]
    assert len(names) == len(set(names))
