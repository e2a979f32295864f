"""`vigil config`, as a person or a script uses it."""

from __future__ import annotations

import argparse
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest

from vigil.cli import config as command
from vigil.config.files import ConfigFiles, remember_applied
from vigil.config.model import DEMO, Camera, Config
from vigil.config.read import read_strict
from vigil.config.secrets import SecretFiles, passphrase_matches, pin_matches
from vigil.store.disk import Disk

FRONT = '[[camera]]\nid = "front"\nsource = "rtsp"\nurl = "rtsp://me:hush@10.0.0.5/x"\n'
PASSWORD = "lampe tisch wolke fahrrad"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="vigil")
    command.register(parser.add_subparsers(required=True))
    args = parser.parse_args(["config", *words])
    return int(args.run(args))


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch):
    """Let what a script sends stand on standard input."""

    def type_in(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return type_in


def test_a_right_file_is_ok(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "vigil.toml").write_text(
        f'schema = 1\n{FRONT}[[camera]]\nid = "b"\nsource = "synthetic"\nrecord = false\n'
    )
    (tmp_path / "vigil.toml").chmod(0o640)

    assert run("validate", "--data", str(tmp_path)) == 0
    assert capsys.readouterr() == ("OK: 2 cameras: front (rtsp, continuous), b (synthetic, privacy pause)\n", "")


def test_sensors_and_rules_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sensors = "".join(f'[[sensor]]\nid = "s{gpio}"\nkind = "contact"\ngpio = {gpio}\n' for gpio in (5, 6))
    rule = '[[rule]]\nid = "r"\nwhen = { sensor = "s5" }\ndo = [{ arm = "home" }]\n'
    (tmp_path / "vigil.toml").write_text(f"schema = 1\n{sensors}{rule}")

    assert run("validate", "--data", str(tmp_path)) == 0
    assert capsys.readouterr().out == "OK: no camera, so nothing would be recorded; 2 sensors; 1 rule\n"


def test_every_mistake_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "other.toml"
    path.write_text(f"schema = 1\n{FRONT}fps = 3\npre_roll_s = 0\n")

    assert run("validate", str(path)) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"{path}: 2 mistakes",
        "  camera.front.fps: only for synthetic, v4l2 or picamera2 cameras; this one is rtsp",
        "  camera.front.pre_roll_s = 0: give 1 to 60",
    ]


def test_without_a_file_the_defaults_are_ok(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("validate", "--data", str(tmp_path)) == 0
    assert "the defaults hold: no camera, so nothing would be recorded" in capsys.readouterr().out


def test_a_file_that_was_named_must_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("validate", str(tmp_path / "none.toml")) == 2
    assert run("show", str(tmp_path / "none.toml")) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_an_older_file_is_ok_and_what_is_lost_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "vigil.toml").write_text('[mqtt]\nhost = "x"\n[[cameras]]\nid = "a"\nrtsp_url = "rtsp://h/x"\n')

    assert run("validate", "--data", str(tmp_path)) == 0
    assert "note: mqtt: this table is not carried over" in capsys.readouterr().err


def test_a_file_with_passwords_that_everybody_can_read_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "vigil.toml"
    path.write_text(f"schema = 1\n{FRONT}")
    path.chmod(0o644)

    assert run("validate", str(path)) == 0
    assert f"chmod 640 {path}" in capsys.readouterr().err


def test_what_is_shown_hides_passwords_and_marks_defaults(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "vigil.toml").write_text(f"schema = 1\n{FRONT}")

    assert run("show", "--data", str(tmp_path)) == 0
    out = capsys.readouterr().out
    assert out.startswith("# from the configuration file\n")
    assert 'url = "rtsp://***@10.0.0.5/x"\n' in out
    assert "segment_s = 60  # default\n" in out
    assert "hush" not in out


def test_what_is_shown_is_what_a_box_would_boot_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "state").mkdir()
    last = Config(cameras=(Camera(id="hall", source="synthetic"),))
    remember_applied(ConfigFiles.below(tmp_path), last, Disk().replace)
    (tmp_path / "vigil.toml").write_text("schema = ")

    assert run("show", "--data", str(tmp_path)) == 1
    out, err = capsys.readouterr()
    assert 'id = "hall"' in out
    assert "fault: used instead: the configuration that was last applied well" in err


def test_looking_at_an_older_file_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "vigil.toml").write_text('[[cameras]]\nid = "a"\nrtsp_url = "rtsp://h/x"\n')

    assert run("show", "--data", str(tmp_path)) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["vigil.toml"]
    assert 'id = "a"' in capsys.readouterr().out


def test_json_is_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "vigil.toml").write_text(f"schema = 1\nnonsense = 1\n{FRONT}")

    assert run("show", "--json", "--data", str(tmp_path)) == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown["config"]["camera"][0]["url"] == "rtsp://***@10.0.0.5/x"
    assert shown["taken_from"] == "file"
    assert shown["faults"] == ["nonsense: not a setting"]
    assert "recording.segment_s" in shown["defaults"]


def test_the_default_file_can_be_used(capsys: pytest.CaptureFixture[str]):
    assert run("default") == 0
    assert read_strict(capsys.readouterr().out.encode()) == Config(cameras=(DEMO,))


def test_a_command_must_be_named(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        run()
    assert stopped.value.code == 2


def test_a_pin_is_kept_as_a_hash_for_its_owner_alone(tmp_path: Path, typed, capsys: pytest.CaptureFixture[str]):
    typed("4711\n")

    assert run("set-pin", "--stdin", "--data", str(tmp_path)) == 0
    place = SecretFiles.below(tmp_path)
    assert pin_matches("4711", place.pin.read_bytes())
    assert [one.stat().st_mode & 0o777 for one in (place.directory, place.of_guard)] == [0o711, 0o700]
    assert [one.stat().st_mode & 0o777 for one in (place.pin, place.pin_recovery)] == [0o600, 0o600]
    told = capsys.readouterr().out
    assert "4711" not in told
    (shown,) = re.findall(r"\b[a-z]{5}(?:-[a-z]{5}){5}\b", told)
    assert passphrase_matches(shown, place.pin_recovery.read_bytes())


def test_a_bad_pin_changes_nothing(tmp_path: Path, typed, capsys: pytest.CaptureFixture[str]):
    typed("12\n")

    assert run("set-pin", "--stdin", "--data", str(tmp_path)) == 1
    assert "4 to 12 digits" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_script_must_say_that_it_is_one(tmp_path: Path, typed, capsys: pytest.CaptureFixture[str]):
    typed("4711\n")

    assert run("set-pin", "--data", str(tmp_path)) == 1
    assert "--stdin" in capsys.readouterr().err


@pytest.mark.parametrize(("again", "code"), [("4711", 0), ("4712", 1)])
def test_on_a_terminal_it_is_asked_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: str, code: int):
    answers = iter(["4711", again])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))

    assert run("set-pin", "--data", str(tmp_path)) == code
    assert SecretFiles.below(tmp_path).pin.exists() is (code == 0)


@pytest.fixture
def identity(tmp_path: Path) -> bytes:
    text = f"# made for a test\n{pyrage.x25519.Identity.generate()}\n".encode()
    (tmp_path / "owner.agekey").write_bytes(text)
    return text


def test_a_password_seals_the_identity(tmp_path: Path, typed, identity: bytes, capsys: pytest.CaptureFixture[str]):
    typed(PASSWORD + "\n")

    assert run("set-password", "--stdin", "--data", str(tmp_path)) == 0
    sealed = SecretFiles.below(tmp_path).sealed_identity.read_bytes()
    assert b"-> scrypt " in sealed
    assert sealed.split(b"\n")[1].endswith(b" 16")
    assert pyrage.passphrase.decrypt(sealed, PASSWORD) == identity
    assert "about 28 years" in capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("age"), reason="needs the program age")
def test_the_age_program_opens_the_sealed_identity(tmp_path: Path, typed, identity: bytes):
    typed(PASSWORD + "\n")
    assert run("set-password", "--stdin", "--data", str(tmp_path)) == 0
    sealed = SecretFiles.below(tmp_path).sealed_identity

    # age asks for passphrases on a terminal only; script(1) gives it one.
    age = ["script", "--quiet", "--return", "--command", f"age -d -o opened {sealed}", "/dev/null"]
    subprocess.run(age, input=f"{PASSWORD}\n".encode(), cwd=tmp_path, check=True, capture_output=True, timeout=60)

    assert (tmp_path / "opened").read_bytes() == identity


def test_a_weak_password_changes_nothing(tmp_path: Path, typed, identity: bytes, capsys: pytest.CaptureFixture[str]):
    typed("Sommer2024!\n")

    assert run("set-password", "--stdin", "--data", str(tmp_path)) == 1
    assert "too weak" in capsys.readouterr().err
    assert not SecretFiles.below(tmp_path).directory.exists()


@pytest.mark.parametrize("content", [None, b"", b"no key\n", b"\xff"])
def test_what_is_no_identity_cannot_be_sealed(
    tmp_path: Path, typed, content: bytes | None, capsys: pytest.CaptureFixture[str]
):
    typed(PASSWORD + "\n")
    if content is not None:
        (tmp_path / "owner.agekey").write_bytes(content)

    assert run("set-password", "--stdin", "--data", str(tmp_path)) == 2
    assert capsys.readouterr().err
    assert not SecretFiles.below(tmp_path).directory.exists()
