"""Asks Debian's archive what there is, with settings of apt that are only ours: none of this machine's own count."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import BuildError


@dataclass(frozen=True, slots=True)
class Apt:
    """Apt for arm64 packages of the sources that it was made with."""

    home: Path
    settings: tuple[str, ...]

    def run(self, program: str, *words: str, where: Path | None = None) -> str:
        """
        Run one of apt's programs and return what it printed.

        Raises:
            BuildError: with apt's own words.
        """
        command = [program, "-qq", *self.settings, *words]
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(f"{program} {words[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def candidates(self, names: Iterable[str]) -> dict[str, str]:
        """The version of each package that would be installed today; those that are not to be had are left out."""
        told = self.run("apt-cache", "policy", *names)
        found = re.findall(r"^(\S+?)(?::arm64)?:\n(?:  .*\n)*?  Candidate: (\S+)$", told, re.MULTILINE)
        return {name: version for name, version in found if version != "(none)"}

    def moments(self) -> dict[str, str]:
        """When each release that was read was last changed, in the archive's words."""
        found = {}
        for path in sorted((self.home / "state/lists").glob("*Release")):
            said = dict(re.findall(r"^(Codename|Suite|Date): (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE))
            found[said.get("Codename") or said.get("Suite", path.name)] = said.get("Date", "an unknown day")
        return found

    def would_install(self, names: Iterable[str]) -> dict[str, str]:
        """
        What installing these would bring into an empty system, by name and version; patterns as apt has them.

        Raises:
            BuildError: if it cannot be done, with apt's reasons.
        """
        told = self.run("apt-get", "install", "--simulate", "--no-install-recommends", *names)
        return dict(re.findall(r"^Inst (\S+?)(?::arm64)? \((\S+) ", told, re.MULTILINE))


@contextmanager
def private_apt(sources: Sequence[str], *, preferences: str = "", options: Sequence[str] = ()) -> Iterator[Apt]:
    """Apt with these `deb` lines, for as long as the block lasts; it has read their indexes."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        for name in ("state/lists/partial", "cache/archives/partial"):
            (home / name).mkdir(parents=True)
        (home / "sources.list").write_text("".join(f"{line}\n" for line in sources), encoding="utf-8")
        (home / "preferences").write_text(preferences, encoding="utf-8")
        (home / "options").write_text("".join(f"{option.removesuffix(';')};\n" for option in options), encoding="utf-8")
        (home / "status").touch()
        settings = {
            "Dir::Etc::sourcelist": home / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": home / "preferences",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State": home / "state",
            "Dir::State::status": home / "status",
            "Dir::Cache": home / "cache",
            "APT::Architecture": "arm64",
            "APT::Architectures": "arm64",
            "APT::Sandbox::User": "root",
        }
        words = tuple(word for name, value in settings.items() for word in ("-o", f"{name}={value}"))
        made = Apt(home, ("-c", str(home / "options"), *words))
        print(made.run("apt-get", "update"), end="", file=sys.stderr)
        yield made
