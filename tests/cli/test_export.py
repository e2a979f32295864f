"""`vigil export`, as a person types it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from fakes.owner import START, Box, files_in, vigil
from fakes.recordings import OWNER
from vigil.segments import age

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    """Three seconds of one camera; the working directory is empty."""
    box = Box(tmp_path / "data")
    box.film("plain")
    box.recording.close("stopped")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return box


def test_without_any_word_everything_goes_into_a_file_named_for_it(box: Box, capsys: Captured):
    assert vigil("export", "--data", box.data) == 0

    assert files_in(Path.cwd()) == ["gate-20260202T024000Z.mp4"]
    out, err = capsys.readouterr()
    assert err == f"opening with {box.data / 'owner.agekey'}\n"
    summary, checked = out.splitlines()
    assert re.fullmatch(
        r"gate-20260202T024000Z\.mp4: 75 pictures, 2026-02-02 02:40:00\.0 to 02:40:03\.0 UTC, 3\.0 s to watch, "
        r"\d+ kB, no gaps\.",
        summary,
    )
    assert checked.startswith("Checked: the pictures of 1 segment are byte for byte what was signed")
    assert f"`vigil verify {box.video}`" in checked


def test_a_film_is_replaced_only_with_force(box: Box, capsys: Captured):
    Path("clip.mp4").write_bytes(b"old")

    assert vigil("export", "--data", box.data, "-o", "clip.mp4") == 2
    assert "clip.mp4 exists: choose another name, or replace it with --force" in capsys.readouterr().err
    assert Path("clip.mp4").read_bytes() == b"old"

    assert vigil("export", "--data", box.data, "-o", "clip.mp4", "--force") == 0
    assert Path("clip.mp4").stat().st_size > 1000
    assert files_in(Path.cwd()) == ["clip.mp4"]


def test_a_time_without_recordings_makes_no_file_and_names_the_nearest(box: Box, capsys: Captured):
    assert vigil("export", "--data", box.data, "--from", f"{START}30", "--to", f"{START}40") == 2

    assert capsys.readouterr().err == (
        "vigil export: gate recorded nothing in this time (the last before it ends at 2026-02-02 02:40:03 UTC)\n"
    )
    assert files_in(Path.cwd()) == []


def test_of_several_cameras_one_must_be_named(box: Box, capsys: Captured):
    other = Box(box.data, camera="yard")
    other.film("plain")
    other.recording.close("stopped")

    assert vigil("export", "--data", box.data, "-o", "clip.mp4") == 2
    assert "which camera? Give --camera with one of gate, yard" in capsys.readouterr().err
    assert vigil("export", "--data", box.data, "-o", "clip.mp4", "--camera", "yard") == 0


def test_without_a_key_it_is_asked_for(box: Box, capsys: Captured):
    (box.data / "owner.agekey").unlink()

    assert vigil("export", "--data", box.data) == 2
    assert "which key? Recordings are sealed" in capsys.readouterr().err
    assert files_in(Path.cwd()) == []


def test_the_key_may_come_from_standard_input(box: Box, monkeypatch: pytest.MonkeyPatch):
    (box.data / "owner.agekey").unlink()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(OWNER.text().encode())))

    assert vigil("export", "--data", box.data, "--identity", "-") == 0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_key_may_be_sealed_under_a_password(box: Box, monkeypatch: pytest.MonkeyPatch, capsys: Captured):
    (box.data / "owner.agekey").unlink()
    sealed = age.seal_with_passphrase(OWNER.text().encode(), "lampe tisch", log_n=4, random_bytes=bytes)
    place = box.data / "state/secrets"
    place.mkdir(parents=True)
    (place / "owner.agekey.age").write_bytes(sealed)

    assert vigil("export", "--data", box.data, "-o", "clip.mp4") == 2
    assert "sealed under a password and there is no terminal" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda _: "wrong")
    assert vigil("export", "--data", box.data, "-o", "clip.mp4") == 2
    assert "that is not the password" in capsys.readouterr().err
    monkeypatch.setattr("getpass.getpass", lambda _: "lampe tisch")
    assert vigil("export", "--data", box.data, "-o", "clip.mp4") == 0


def test_on_a_terminal_a_bar_grows_and_goes_away(box: Box, monkeypatch: pytest.MonkeyPatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)

    assert vigil("export", "--data", box.data, "-o", "clip.mp4") == 0

    shown = terminal.getvalue()
    assert "█" in shown
    assert "%" in shown
    assert shown.endswith("\r\x1b[K")


def test_a_directory_that_is_not_there_is_named(box: Box, capsys: Captured):
    assert vigil("export", "--data", box.data, "-o", "no/where/clip.mp4") == 2
    assert "cannot create no/where/clip.mp4: No such file or directory" in capsys.readouterr().err
