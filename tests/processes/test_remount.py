"""Of a partition that cannot be made writable, the owner hears a sentence."""

from __future__ import annotations

import pytest

from vigil.errors import DeviceError
from vigil.processes.remount import remounted


@pytest.fixture
def mount(tmp_path, monkeypatch):
    """Puts a pretend `mount` before the machine's, which notes what it was asked and then does as it is told."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    asked = tmp_path / "asked"

    def told(script):
        program = tmp_path / "bin/mount"
        program.write_text(f'#!/bin/sh\necho "$@" >>{asked}\n{script}\n')
        program.chmod(0o755)
        return asked

    return told


def test_a_directory_is_writable_for_a_moment_whatever_happens_meanwhile(tmp_path, mount):
    asked = mount("")

    with pytest.raises(ZeroDivisionError), remounted(tmp_path):
        assert asked.read_text() == f"-o remount,rw {tmp_path}\n"
        raise ZeroDivisionError

    assert asked.read_text().splitlines() == [f"-o remount,{how} {tmp_path}" for how in ("rw", "ro")]


def test_what_mount_said_of_a_card_that_is_write_protected_is_told(tmp_path, mount):
    asked = mount("echo 'mount: /boot: cannot remount read-write, is write-protected.' >&2; exit 32")

    reason = r"remount,rw .* failed with 32: mount: /boot: .* is write-protected"
    with pytest.raises(DeviceError, match=reason), remounted(tmp_path):
        raise AssertionError("it is not writable")

    assert len(asked.read_text().splitlines()) == 1
