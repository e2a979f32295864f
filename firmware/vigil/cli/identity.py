"""Reading the owner's key for a command that needs one: a file, standard input, or one sealed under a password."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from vigil.config.secrets import SecretFiles
from vigil.errors import ConfigError, WrongKey
from vigil.segments import age
from vigil.store.disk import Disk

_AGE_FILE = b"age-encryption.org/v1\n"


def find_identity(given: Path | None, data: Path) -> Path:
    """Return the identity file to use: the one given, or one that lies in the data directory. Raises `ConfigError`."""
    beside = [data / "owner.agekey", SecretFiles.below(data).sealed_identity]
    found = given or next((path for path in beside if path.is_file()), None)
    if found is None:
        raise ConfigError(
            ["which key? Recordings are sealed: give the owner's identity file (AGE-SECRET-KEY-1…) with --identity"]
        )
    return found


def read_identity_file(path: Path) -> list[age.Identity]:
    """
    Return the identities in a file, `-` for standard input; one that is sealed is asked the password for.

    Raises `VigilError` where it cannot be read, or is not what it must be.
    """
    data = sys.stdin.buffer.read() if path == Path("-") else Disk().read_bytes(path)
    if data.startswith(_AGE_FILE):
        data = _unsealed(path, data)
    try:
        return age.read_identities(data.decode("ascii", errors="replace"))
    except ValueError as error:
        raise ConfigError([f"{path} is not an identity file: {error}"]) from None


def _unsealed(path: Path, data: bytes) -> bytes:
    if not sys.stdin.isatty():
        raise ConfigError([f"{path} is sealed under a password and there is no terminal to ask for it"])
    try:
        return age.open_with_passphrase(data, getpass.getpass(f"Password for {path}: "))
    except WrongKey:
        raise WrongKey(f"that is not the password of {path}") from None
