"""The card as it was built: the same bytes again, the root that its hash proves, and nothing of whoever built it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import socket
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from boot.products import cache_directory
from builder import bill
from builder.archive import mirrors
from builder.cache import sha256_of
from builder.config import read_image
from builder.disk import MIB, layout
from builder.run import environment
from builder.slot import SLOTS
from fakes.card import Card
from fakes.image import SLOW, built, copy_sources, make_build, make_parts
from fakes.repository import ROOT

# Minutes: a root of 400 MB is packed, or unpacked and read.
pytestmark = [pytest.mark.slow, pytest.mark.host, pytest.mark.timeout(1500), pytest.mark.xdist_group("image")]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root, unpacked."""
    place = tmp_path_factory.mktemp("root") / "tree"
    command: list[str | Path] = ["unsquashfs", "-quiet", "-no-progress", "-dest", place, built().root / "root.img"]
    subprocess.run(command, check=True, capture_output=True, env=environment())
    return place


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_same_sources_make_the_same_card(tmp_path: Path):
    checkout = copy_sources(tmp_path / "checkout")
    warm = cache_directory()
    made = []
    for name in ("one", "two"):
        home = tmp_path / name
        home.mkdir()
        for path in warm.iterdir():
            if path.name.rpartition("-")[0] in SLOW:
                (home / path.name).symlink_to(path)
        build = make_build(home, checkout)
        # Both say the same time, whatever is committed meanwhile.
        made.append(make_parts(replace(build, sources=replace(build.sources, epoch=1_780_000_000))))

    one, two = made
    assert one.root != two.root and one.root.name == two.root.name
    assert one.verity == two.verity
    assert sha256_of(one.image) == sha256_of(two.image)


def test_the_root_on_the_card_is_the_one_that_its_slots_ask_for():
    parts = built()
    card = Card(parts.image)
    disk = read_image(ROOT / "image/vigil.toml").disk
    places = {part.number: part.start_mib * MIB for part in layout(disk)}
    for name, (number, root_number) in SLOTS.items():
        said = card.read(number, "slot.env").decode()
        place = f"=PARTUUID=56494749-0{root_number}"
        found = re.search(rf"slotargs_{name}=.* roothash=([0-9a-f]{{64}}) .*{place} .*hash-offset=([0-9]+),", said)
        assert found, said
        assert (found[1], int(found[2])) == (parts.verity.root_hash, parts.verity.hash_offset_bytes)
        with parts.image.open("rb") as file, (parts.root / "root.img").open("rb") as root:
            file.seek(places[root_number])
            while piece := root.read(MIB):
                assert file.read(len(piece)) == piece, root_number

    image = str(parts.root / "root.img")
    offset = f"--hash-offset={parts.verity.hash_offset_bytes}"
    verify = ["veritysetup", "verify", image, image, parts.verity.root_hash, offset]
    subprocess.run(verify, check=True, capture_output=True, env=environment())
    wrong = [*verify[:4], "0" * 64, offset]
    assert subprocess.run(wrong, capture_output=True, env=environment()).returncode != 0


def test_nobody_has_a_password_a_host_key_or_a_name(tree: Path):
    fields = [line.split(":") for line in text(tree / "etc/shadow").splitlines()]
    assert len(fields) > 15
    assert {field[1] for field in fields} == {"!*"}

    assert text(tree / "etc/machine-id").strip() in {"", "uninitialized"}
    assert not list(tree.glob("etc/ssh/*key*")) and not (tree / "usr/sbin/sshd").exists()
    assert not (tree / "var/lib/systemd/random-seed").exists()
    # systemd would put an SSH key for root where the machine's firmware hands one in.
    assert (tree / "etc/tmpfiles.d/provision.conf").readlink() == Path("/dev/null")
    assert not list((tree / "var/lib/dbus").glob("*"))


def test_nothing_is_left_of_the_installation(tree: Path):
    for place in ("var/cache", "var/log", "var/tmp", "tmp", "root"):
        assert sorted(path.name for path in (tree / place).rglob("*")) == [] or not (tree / place).exists(), place
    assert not (tree / "etc/apt").exists() and not (tree / "usr/bin/apt").exists()
    assert list(tree.rglob("pip")) == []
    assert not list(tree.rglob("direct_url.json"))


def build_machine() -> set[str]:
    """Words by which the machine that built it could be known: its name, its places, where it fetches from."""
    hosts = {re.sub(r"^\w+:/+", "", address).split("/")[0] for address in mirrors().values()}
    proxies = {value for name, value in os.environ.items() if name.lower().endswith("_proxy") and "/" in value}
    places = {str(ROOT), str(cache_directory()), "first-root", socket.gethostname()}
    return {word for word in hosts | proxies | places if len(word) > 3} - {"localhost", "debian", "vigil"}


def as_packaged(debian: Path) -> dict[str, str]:
    """The MD5 of each file as its Debian package brings it."""
    found: dict[str, str] = {}
    with tarfile.open(debian / "tree.tar") as bundle:
        for member in bundle:
            if member.name.endswith(".md5sums") and (file := bundle.extractfile(member)):
                lines = (line.split("  ", 1) for line in file.read().decode().splitlines() if "  " in line)
                found.update({name: digest for digest, name in lines})
    return found


def test_no_file_tells_which_machine_built_it(tree: Path):
    packaged = as_packaged(built().debian)
    assert len(packaged) > 3000

    for word in build_machine():
        told = subprocess.run(["grep", "-rlF", "--", word, tree], capture_output=True, text=True).stdout.splitlines()
        # Debian's own addresses stand in files of Debian: those say nothing, as long as they are as they were packaged.
        files = {Path(name).relative_to(tree).as_posix(): Path(name) for name in told}
        ours = [
            name for name, path in files.items() if packaged.get(name) != hashlib.md5(path.read_bytes()).hexdigest()
        ]
        assert ours == [], word


def test_the_recorder_is_there_and_compiled(tree: Path):
    packages = tree / "opt/vigil/lib/python3.13/site-packages"

    assert (packages / "vigil/__main__.py").is_file()
    assert list((packages / "vigil/__pycache__").glob("__main__.cpython-313.pyc"))
    assert text(tree / "opt/vigil/bin/vigil").startswith("#!/opt/vigil/bin/python\n")
    assert 'IMAGE_ID="vigil"' in text(tree / "usr/lib/os-release")


def test_no_module_is_compiled_again_at_every_start(tree: Path):
    files = list((tree / "opt/vigil").rglob("*.pyc")) + list((tree / "usr/lib/python3.13").rglob("*.pyc"))
    assert len(files) > 500

    for path in files:
        head = path.read_bytes()[:16]
        # PEP 552: taken as it is; the few that the compiler itself imported, as long as their source has this time.
        if head[4:8] != b"\x01\0\0\0":
            source = Path(importlib.util.source_from_cache(str(path)))
            if source.is_symlink():
                source = tree / str(source.readlink()).lstrip("/")
            assert head[4:8] == bytes(4), path
            assert int.from_bytes(head[8:12], "little") == int(source.stat().st_mtime), path


def test_everything_that_ships_is_in_the_bill():
    parts = built()
    listed = [
        *bill.debian_components(parts.debian),
        *bill.debian_components(parts.hardware, shipped=bill.SHIPPED),
        *bill.python_components(parts.fetched / "wheels", parts.compiled / "wheels", parts.wheel),
    ]
    names = {one.name for one in listed}

    assert {"systemd", "raspi-firmware", "u-boot-rpi", "cryptography", "vigil", "lgpio"} <= names
    assert any(name.startswith("linux-binary-") for name in names)
    without = [one.name for one in listed if not one.licences]
    assert len(without) < len(listed) / 4, without
    said = bill.cyclonedx(listed, name="vigil", version="1", epoch_text="2026-01-01T00:00:00Z")
    assert said == bill.cyclonedx(listed, name="vigil", version="1", epoch_text="2026-01-01T00:00:00Z")
    assert len({part["bom-ref"] for part in said["components"]}) == len(said["components"]) == len(listed)
    assert json.dumps(said)
