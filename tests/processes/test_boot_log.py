"""Keeping the log of a boot: seldom, bounded, and never at the cost of anything else."""

from __future__ import annotations

import subprocess

import pytest

from fakes.faulty import FaultyCalls
from vigil.processes.boot_log import BootLog
from vigil.store.disk import Disk
from vigil.upkeep.boot_log import BOOTS, MOST_BYTES


class Journal:
    """Lines as the journal gives them: each once."""

    def __init__(self):
        self.lines = b""

    def __call__(self):
        lines, self.lines = self.lines, b""
        return lines


@pytest.fixture
def journal():
    return Journal()


def kept(directory):
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def test_what_is_logged_is_kept_and_each_boot_has_its_file(tmp_path, journal):
    for _ in range(2):
        boot_log = BootLog(Disk(), tmp_path / "log", lines=journal)
        for part in (b"one\n", b"two\n"):
            journal.lines = part
            boot_log.keep()

    assert kept(tmp_path / "log") == {"boot-000001.log": b"one\ntwo\n", "boot-000002.log": b"one\ntwo\n"}


def test_a_silent_boot_writes_nothing(tmp_path, journal):
    BootLog(Disk(), tmp_path / "log", lines=journal).keep()

    assert not (tmp_path / "log").exists()


def test_there_are_never_more_boots_than_promised(tmp_path, journal):
    for _ in range(BOOTS + 5):
        journal.lines = b"up\n"
        BootLog(Disk(), tmp_path / "log", lines=journal).keep()

    names = list(kept(tmp_path / "log"))
    assert len(names) == BOOTS and names[-1] == f"boot-{BOOTS + 5:06d}.log"


def test_a_boot_that_talks_without_end_is_cut_off(tmp_path, journal):
    boot_log = BootLog(Disk(), tmp_path / "log", lines=journal)
    for _ in range(10):
        journal.lines = b"again\n" * 20_000
        boot_log.keep()

    assert len(kept(tmp_path / "log")["boot-000001.log"]) <= MOST_BYTES


def test_what_a_full_disk_refused_is_kept_later(tmp_path, journal):
    calls = FaultyCalls(1, mode="ENOSPC", lasting=True)
    boot_log = BootLog(Disk(calls), tmp_path / "log", lines=journal)
    journal.lines = b"trouble\n"
    boot_log.keep()
    calls.heal()
    journal.lines = b"over\n"
    boot_log.keep()

    assert kept(tmp_path / "log") == {"boot-000001.log": b"trouble\nover\n"}


def test_a_journal_that_does_not_answer_harms_nobody(tmp_path):
    def silent():
        raise subprocess.TimeoutExpired("journalctl", 30)

    BootLog(Disk(), tmp_path / "log", lines=silent).keep()

    assert not (tmp_path / "log").exists()
