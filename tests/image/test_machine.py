"""The emulated machine itself: what is plugged in is there, and a card is read and written without being mounted."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from fakes.card import TOOLS, Card, cpio
from fakes.qemu import Machine, Silence, emulated, running
from fakes.selector_cards import START_S, Cards, started

pytestmark = emulated


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Cards:
    return Cards(tmp_path_factory.mktemp("cards"))


def test_disks_network_and_watchdog_are_plugged_in(cards: Cards, tmp_path: Path):
    disks = (tmp_path / "one.img", tmp_path / "two.img")
    for disk in disks:
        disk.write_bytes(bytes(1 << 20))
    card = cards.make("virt")

    machine = Machine(board="virt", card=card.path, disks=disks, ports=(443, 80), is_watched=True)
    with running(machine) as guest:
        assert started(guest)[2] == "A runs"
        with guest.qmp() as control:
            plugged = {disk["device"] for disk in control.execute("query-block")}
            network = control.monitor("info usernet")
            devices = control.monitor("info qtree")
        for port in (443, 80):
            with socket.create_connection(("127.0.0.1", guest.ports[port]), timeout=5):
                pass  # QEMU listens there for the guest

    assert {"card", "disk0", "disk1"} <= plugged
    assert all(f" {port} " in network for port in (443, 80))
    assert "i6300esb" in devices


@pytest.mark.parametrize("board", ["virt", "raspi3b"])
def test_a_machine_ends_with_its_block(cards: Cards, board: str):
    with running(Machine(board=board, card=cards.make(board).path)) as guest:
        guest.wait_for("^payload A runs$", timeout_s=START_S)

    assert guest.process.returncode == -9
    with pytest.raises(Silence, match="ended"):
        guest.wait_for("anything", timeout_s=START_S)


def test_a_machine_that_switches_itself_off_is_waited_for(cards: Cards):
    with running(Machine(board="virt", card=cards.make("virt").path, more=("-action", "reboot=shutdown"))) as guest:
        started(guest)
        with guest.qmp() as control:
            control.execute("quit")
        guest.wait_until_off(timeout_s=START_S)

    assert guest.process.returncode == 0


def test_a_word_qemu_does_not_know_is_told_in_its_own_words(cards: Cards):
    with (
        running(Machine(board="virt", card=cards.make("virt").path, more=("-frobnicate",))) as guest,
        pytest.raises(Silence, match="frobnicate"),
    ):
        guest.wait_for("U-Boot", timeout_s=START_S)


@pytest.fixture(params=["fat", "ext4"])
def card_with_slot(request: pytest.FixtureRequest, cards: Cards, tmp_path: Path) -> Card:
    """A card whose slot A lies on FAT or on ext4."""
    card = cards.make("virt")
    if request.param == "ext4":
        first, size = card.extent(2)
        whole = tmp_path / "slot"
        with whole.open("wb") as file:
            file.truncate(size)
        files = tmp_path / "files"
        files.mkdir()
        for name in ("vmlinuz", "initrd", "slot.env"):
            (files / name).write_bytes(card.read(2, name))
        subprocess.run(["mkfs.ext4", "-q", "-d", files, whole], check=True, env=TOOLS)
        with card.path.open("r+b") as image:
            image.seek(first)
            image.write(whole.read_bytes())
    return card


def test_files_on_a_card_are_written_and_read(card_with_slot: Card):
    card_with_slot.write(2, "slot.env", b"slotargs=changed\n")

    assert card_with_slot.read(2, "slot.env") == b"slotargs=changed\n"
    with pytest.raises(FileNotFoundError, match="p2"):
        card_with_slot.read(2, "nothing")


def test_a_slot_starts_from_either_file_system(card_with_slot: Card):
    with running(Machine(board="virt", card=card_with_slot.path)) as guest:
        assert started(guest)[2] == "A runs"


@pytest.mark.skipif(not shutil.which("cpio"), reason="cpio is not installed")
def test_what_is_added_to_an_initrd_comes_behind_what_was_there(card_with_slot: Card, tmp_path: Path):
    card_with_slot.write(2, "initrd", cpio({"etc/first": b"1"}))
    card_with_slot.add_to_initrd(2, {"/usr/bin/tool": b"#!/bin/sh\n", "usr/lib/x": b"data", "usr/link": "lib/x"})

    both = card_with_slot.read(2, "initrd")
    assert both.startswith(cpio({"etc/first": b"1"}))
    second = both[len(cpio({"etc/first": b"1"})) :].lstrip(b"\0")
    told = subprocess.run(["cpio", "-tv", "--quiet"], input=second, check=True, capture_output=True).stdout.decode()
    rows = {line.split()[8]: line.split() for line in told.splitlines()}
    assert rows["usr/bin/tool"][0] == "-rwxr-xr-x" and rows["usr/lib/x"][0] == "-rw-r--r--"
    assert rows["usr/link"][0].startswith("l") and rows["usr/link"][-1] == "lib/x"
    assert list(rows)[:2] == ["usr", "usr/bin"]
