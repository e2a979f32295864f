"""The program that proves and writes updates. This module runs it, and says in our words what it says in its own."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vigil.errors import FormatError, UpdateError, UpdateRefused
from vigil.upkeep.bundle import Bundle, read_bundle

_LOOK_S = 120
_PROGRESS = re.compile(r"^\s*(\d+)% (.+)$")
# What OpenSSL calls a signature whose certificate is not in the keyring.
_STRANGER = re.compile(r"self-signed certificate|unable to get (local )?issuer|unable to verify|not trusted", re.I)


class Stranger(UpdateRefused):
    """The bundle is signed, but by nobody in the keyring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rauc:
    """RAUC as it is installed; `words` come before what it is asked to do."""

    words: tuple[str, ...] = ("rauc",)

    def info(self, source: str, keyring: Path) -> Bundle:
        """
        What a bundle (a path, or an address) says of itself, its signature proved against `keyring`.

        Raises `Stranger` where none of these keys signed it, `UpdateRefused` for anything else that is wrong.
        """
        if "://" in source:
            # RAUC shows what it streams as a network block device, but does not load the driver. Where that is built
            # in, missing, or slow to load, RAUC has the word.
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(["modprobe", "nbd"], check=False, capture_output=True, timeout=_LOOK_S)
        command = [*self.words, "info", f"--keyring={keyring}", "--output-format=json-2", source]
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, errors="replace", timeout=_LOOK_S
            )
        except subprocess.TimeoutExpired as late:
            raise UpdateRefused(f"{source} did not answer within {_LOOK_S} s") from late
        except OSError as error:
            raise UpdateRefused(f"this system has no RAUC to prove updates with ({error.strerror})") from error
        if done.returncode:
            why = last_words(done.stderr)
            if _STRANGER.search(why):
                raise Stranger(f"the update is signed by a key that this box does not know ({why})")
            raise UpdateRefused(f"the update is not whole, or its signature is false ({why})")
        try:
            return read_bundle(done.stdout[done.stdout.index("{") :])
        except (FormatError, ValueError) as error:
            raise UpdateRefused(str(error)) from error

    def install(self, source: str, progress: Callable[[int, str], None]) -> None:
        """Write a bundle into the other slot and make it next. Raises `UpdateError` with RAUC's reason."""
        command = [*self.words, "install", "--progress", source]
        said: list[str] = []
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if found := _PROGRESS.match(line):
                    progress(int(found[1]), found[2])
                elif line.strip():
                    said.append(line.strip())
        if process.returncode:
            raise UpdateError(last_words("\n".join(said)))


def last_words(said: str) -> str:
    """The line that tells why: RAUC's last error, or the last that is no running commentary."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.partition(":")[2].strip() for line in lines if line.startswith("LastError:")]
    other = [line for line in lines if "Message:" not in line and not line.startswith("Installing `")]
    return (errors or other or lines or ["it said nothing"])[-1]
