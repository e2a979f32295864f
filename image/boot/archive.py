"""Single files out of Debian packages for the card's processor, fetched with settings of apt that are only ours."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from builder.apt import Apt, private_apt
from builder.archive import KEYRING, mirrors

RELEASE = "trixie"
BACKPORTS = "trixie-backports"


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive that this machine is installed from, asked for arm64 packages of another release."""

    apt: Apt

    def depends(self, package: str) -> list[str]:
        """The packages that a package depends on, by name."""
        told = self.apt.run("apt-cache", "depends", package)
        return [line.split(":", 1)[1].strip() for line in told.splitlines() if "Depends:" in line]

    def unpack(self, package: str, target: Path) -> None:
        """Put all files of a package below `target`; nothing of it is run. `name=version` asks for one version."""
        with tempfile.TemporaryDirectory(dir=self.apt.home) as directory:
            self.apt.run("apt-get", "download", package, where=Path(directory))
            (found,) = Path(directory).glob("*.deb")
            subprocess.run(["dpkg-deb", "--extract", found, target], check=True)


@contextmanager
def archive(*releases: str) -> Iterator[Archive]:
    """An archive of these releases, for as long as the block lasts."""
    plain = mirrors()["plain"]
    with private_apt([f"deb [signed-by={KEYRING}] {plain} {release} main" for release in releases]) as apt:
        yield Archive(apt)
