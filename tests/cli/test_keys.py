"""`vigil keys`, and whether `age` takes what it makes."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

import pyrage
import pytest

from fakes.owner import files_in, vigil
from vigil.segments.age import Identity

Captured = pytest.CaptureFixture[str]


def test_a_new_key_opens_what_is_sealed_for_its_recipient(tmp_path: Path, capsys: Captured):
    path = tmp_path / "owner.agekey"

    assert vigil("keys", "new", path) == 0

    out, err = capsys.readouterr()
    recipient = out.strip()
    (secret,) = re.findall(r"^AGE-SECRET-KEY-1[A-Z0-9]{58}$", path.read_text(), re.MULTILINE)
    sealed = pyrage.encrypt(b"light", [pyrage.x25519.Recipient.from_str(recipient)])
    assert pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(secret)]) == b"light"
    assert f'recipients = ["{recipient}"]' in err
    assert "AGE-SECRET" not in out + err


def test_the_file_is_like_one_of_age_keygen(tmp_path: Path, capsys: Captured):
    path = tmp_path / "owner.agekey"
    vigil("keys", "new", path)
    recipient = capsys.readouterr().out.strip()

    created, public, secret = path.read_text().splitlines()

    assert re.fullmatch(r"# created: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", created)
    assert public == f"# public key: {recipient}"
    assert secret.startswith("AGE-SECRET-KEY-1")
    assert path.stat().st_mode & 0o777 == 0o600
    assert files_in(tmp_path) == ["owner.agekey"]


@pytest.mark.host
def test_age_keygen_reads_it(tmp_path: Path, capsys: Captured):
    vigil("keys", "new", tmp_path / "owner.agekey")

    done = subprocess.run(["age-keygen", "-y", tmp_path / "owner.agekey"], capture_output=True, text=True, check=True)

    assert done.stdout == capsys.readouterr().out


def test_a_key_is_never_replaced(tmp_path: Path, capsys: Captured):
    path = tmp_path / "owner.agekey"
    path.write_text("the only key")

    assert vigil("keys", "new", path) == 2

    assert path.read_text() == "the only key"
    assert "may be the only key to recordings" in capsys.readouterr().err


def test_the_recipient_of_a_file_is_printed(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch):
    keys = [Identity(bytes([n]) * 32) for n in (1, 2)]
    text = "\n".join(f"# a key\n{key.text()}\n" for key in keys)
    (tmp_path / "k").write_text(text)

    assert vigil("keys", "recipient", tmp_path / "k") == 0
    assert capsys.readouterr().out.splitlines() == [str(key.recipient) for key in keys]

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert vigil("keys", "recipient", "-") == 0
    assert capsys.readouterr().out.splitlines() == [str(key.recipient) for key in keys]


@pytest.mark.parametrize("content", [b"", b"# nothing but words\n", b"AGE-SECRET-KEY-1QQQQ\n", b"\xff\xfe"])
def test_what_is_no_key_is_named(tmp_path: Path, capsys: Captured, content: bytes):
    (tmp_path / "k").write_bytes(content)

    assert vigil("keys", "recipient", tmp_path / "k") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{tmp_path / 'k'} is not an identity file" in err


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: Captured):
    assert vigil("keys", "recipient", tmp_path / "none") == 2
    assert "none: No such file" in capsys.readouterr().err
