"""Single files out of Debian packages for the card's processor, fetched with settings of apt that are only ours."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from builder.archive import KEYRING, mirrors

RELEASE = "trixie"
BACKPORTS = "trixie-backports"


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive that this machine is installed from, asked for arm64 packages of another release."""

    home: Path
    settings: tuple[str, ...]

    def depends(self, package: str) -> list[str]:
        """The packages that a package depends on, by name."""
        told = self._run("apt-cache", "depends", package)
        return [line.split(":", 1)[1].strip() for line in told.splitlines() if "Depends:" in line]

    def unpack(self, package: str, target: Path) -> None:
        """Put all files of a package below `target`; nothing of it is run. `name=version` asks for one version."""
        with tempfile.TemporaryDirectory(dir=self.home) as directory:
            self._run("apt-get", "download", package, where=Path(directory))
            (found,) = Path(directory).glob("*.deb")
            subprocess.run(["dpkg-deb", "--extract", found, target], check=True)

    def _run(self, program: str, *words: str, where: Path | None = None) -> str:
        command = [program, "-qq", *self.settings, *words]
        return subprocess.run(command, check=True, cwd=where, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def archive(*releases: str) -> Iterator[Archive]:
    """An archive of these releases, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        for name in ("state/lists/partial", "cache/archives/partial"):
            (home / name).mkdir(parents=True)
        plain = mirrors()["plain"]
        signed = f"[signed-by={KEYRING}]"
        lines = [f"deb {signed} {plain} {release} main\n" for release in releases]
        (home / "sources.list").write_text("".join(lines), encoding="utf-8")
        settings = {
            "Dir::Etc::sourcelist": home / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State": home / "state",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": home / "cache",
            "APT::Architecture": "arm64",
            "APT::Architectures": "arm64",
            "APT::Sandbox::User": "root",
        }
        made = Archive(home, tuple(word for name, value in settings.items() for word in ("-o", f"{name}={value}")))
        subprocess.run(["apt-get", "-qq", *made.settings, "update"], check=True, stdout=sys.stderr)
        yield made
