"""What udev makes of what is plugged in: who is let in, who is thrown out, and what the system stands on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from fakes.repository import ROOT
from fakes.systemd_here import version

HERE = ROOT / "image/system/root/usr/lib"
RULES = HERE / "udev/rules.d/73-vigil-usb.rules"


def verdict(
    tmp_path: Path, interfaces: str, *, id_: str = "1234:5678", removable: str = "removable", port: str = "1-1.2",
    allowed: tuple[str, ...] = (), board: str = "raspberrypi,4-model-b",
) -> str:  # fmt: skip
    """Return what the script says of a device, as udev would read it."""
    directory, compatible = tmp_path / "allowed", tmp_path / "compatible"
    directory.mkdir(exist_ok=True)
    for name in allowed:
        (directory / name).touch()
    compatible.write_bytes(f"{board}\0brcm,bcm2711\0".encode())
    vendor, _, product = id_.partition(":")
    environment = {
        "ID_USB_INTERFACES": interfaces,
        "ID_VENDOR_ID": vendor,
        "ID_MODEL_ID": product,
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        [HERE / "vigil/usb-verdict", removable, port, directory, compatible],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = dict(line.split("=") for line in done.stdout.splitlines())
    assert set(said) == {"VIGIL_USB", "VIGIL_USB_KIND"} and done.stderr == ""
    return f"{said['VIGIL_USB']} {said['VIGIL_USB_KIND']}"


@pytest.mark.parametrize(
    ("interfaces", "expected"),
    [
        (":0e0100:0e0200:", "in camera"),
        (":0e0100:0e0200:010100:010200:", "in camera"),
        (":0e0100:0e0200:fe0101:", "in camera"),
        (":090000:", "in hub"),
        (":090001:090002:", "in hub"),
        (":080650:", "in disk"),
        (":080650:080662:", "in disk"),
        (":030101:", "out keyboard"),
        (":030102:", "out keyboard"),
        (":030000:", "out keyboard"),
        (":0e0100:0e0200:030101:", "out keyboard"),
        (":080650:030101:", "out keyboard"),
        (":090000:030101:", "out keyboard"),
        (":0e0100:020600:", "out network"),
        (":020600:0a0000:", "out network"),
        (":e00101:", "out network"),
        (":ff0000:", "out other"),
        (":0e0100:ff0000:", "out other"),
        (":0e0100:080650:", "out storage"),
        (":010100:010200:", "out sound"),
        (":fe0101:", "out other"),
        (":070102:", "out other"),
        ("", "out other"),
        (":", "out other"),
        (":*:?:", "out other"),
    ],
)
def test_a_device_is_what_the_worst_of_its_interfaces_makes_it(tmp_path: Path, interfaces: str, expected: str):
    assert verdict(tmp_path, interfaces) == expected


def test_a_ups_is_let_in_by_its_maker_and_not_with_a_keyboards_protocol(tmp_path: Path):
    assert verdict(tmp_path, ":030000:", id_="051d:0002") == "in ups"
    assert verdict(tmp_path, ":030101:", id_="051d:0002") == "out keyboard"
    assert verdict(tmp_path, ":030000:030101:", id_="051d:0002") == "out keyboard"


def test_what_the_owner_lists_is_let_in_whatever_it_is(tmp_path: Path):
    assert verdict(tmp_path, ":030101:", id_="413c:2107", allowed=("413c:2107",)) == "in allowed"
    assert verdict(tmp_path, ":030101:", id_="413c:2108", allowed=("413c:2107",)) == "out keyboard"
    for strange in ("..:..", "../:x", ":", "/etc:passwd"):
        assert verdict(tmp_path, ":030101:", id_=strange, allowed=("413c:2107",)) == "out keyboard"


def test_what_is_soldered_to_the_board_is_inside(tmp_path: Path):
    three = "raspberrypi,3-model-b-plus"

    def chip(port: str, board: str) -> str:
        return verdict(tmp_path, ":ff00ff:", id_="0424:7800", port=port, board=board)

    assert chip("1-1.1.1", three) == "in inside"
    assert chip("1-1.3", three) == "out other", "the same chip, plugged into a socket"
    assert chip("1-1.1.1", "raspberrypi,model-zero-2-w") == "out other"
    assert verdict(tmp_path, ":020600:", removable="fixed", port="2-1") == "in inside"
    assert verdict(tmp_path, ":020600:", removable="fixed", port="2-1.4") == "out network", (
        "a hub may say what it likes"
    )


class Tree:
    """The part of sysfs that a disk on a USB stick is found in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.run = root / "run"
        (self.run / "allowed").mkdir(parents=True)
        self.device = root / "sys/devices/usb1/1-1"
        self.disk = self.device / "1-1:1.0/host0/target0/0:0:0:0/block/sdb"
        (self.disk / "sdb1/holders").mkdir(parents=True)
        (self.disk / "holders").mkdir()
        words = {
            "busnum": "1", "devpath": "1", "idVendor": "0781", "idProduct": "5581", "authorized": "1",
            "1-1:1.0/host0/target0/0:0:0:0/block/sdb/dev": "8:16",
            "1-1:1.0/host0/target0/0:0:0:0/block/sdb/sdb1/dev": "8:17",
        }  # fmt: skip
        for name, word in words.items():
            (self.device / name).write_text(f"{word}\n")
        self.mounts = root / "mountinfo"
        self.mounts.write_text("24 1 179:2 / / ro - squashfs /dev/root ro\n")

    def throw_out(self) -> bool:
        """Let the script judge the disk; say whether it was thrown out."""
        subprocess.run([HERE / "vigil/usb-disk", self.disk, self.run, self.mounts], check=True)
        return (self.device / "authorized").read_text() == "0\n"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_disk_that_is_no_stick_is_thrown_out(tree: Tree):
    assert tree.throw_out()


def test_a_disk_that_is_mounted_stays(tree: Tree):
    tree.mounts.write_text("25 24 8:17 / /vigil/video rw - ext4 /dev/sdb1 rw\n")

    assert not tree.throw_out()


def test_a_disk_that_device_mapper_holds_stays(tree: Tree):
    (tree.disk / "sdb1/holders/dm-0").mkdir()

    assert not tree.throw_out()


def test_disks_stay_while_a_command_of_the_owners_reads_them(tree: Tree):
    (tree.run / "disks").touch()

    assert not tree.throw_out()


def test_a_disk_that_the_owner_lists_stays(tree: Tree):
    (tree.run / "allowed/0781:5581").touch()

    assert not tree.throw_out()


def test_keys_below_a_ups_throw_it_out_and_a_root_hub_stays(tree: Tree):
    keys = tree.device / "1-1:1.0/0003:051D:0002.0001/input/input7"
    keys.mkdir(parents=True)

    subprocess.run([HERE / "vigil/usb-refuse", keys, tree.run / "allowed"], check=True)
    assert (tree.device / "authorized").read_text() == "0\n"

    (tree.device / "authorized").write_text("1\n")
    (tree.device / "devpath").write_text("0\n")
    subprocess.run([HERE / "vigil/usb-refuse", keys, tree.run / "allowed"], check=True)
    assert (tree.device / "authorized").read_text() == "1\n"


@pytest.mark.skipif(
    version() < 254, reason="`udevadm verify` is of systemd 254; `tests/ground/trixie.sh unit` runs this"
)
def test_udev_understands_the_rules():
    done = subprocess.run(["udevadm", "verify", "--resolve-names=never", RULES], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_programs_that_the_rules_name_are_there_and_can_be_run():
    named = {word.strip('"') for word in RULES.read_text().replace(" '", "' '").split() if "/usr/lib/vigil/" in word}
    programs = {name.split('"')[-1].rstrip("'") for name in named}

    assert len(programs) == 3
    for program in programs:
        path = HERE / program.removeprefix("/usr/lib/")
        assert path.is_file() and path.stat().st_mode & 0o111


def test_no_rule_asks_what_no_parent_is():
    """Of a device and its parents one always is something else: `SUBSYSTEMS!=` is always true."""
    parents = re.compile(r"\b(SUBSYSTEMS|DRIVERS|KERNELS)\s*!=")
    rules = list(RULES.parent.glob("*.rules"))
    lines = [line for path in rules for line in path.read_text().splitlines() if not line.startswith("#")]

    assert RULES in rules and any("SUBSYSTEMS==" in line for line in lines)
    assert [line for line in lines if parents.search(line)] == []
