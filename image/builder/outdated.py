"""Compares what an image holds with what Debian has since: each package that a newer one has overtaken is named."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .apt import Apt, private_apt
from .archive import KEYRING, apt_options, preferences, sources
from .config import Image
from .errors import BuildError

NOT_ASKED = """Not asked: the security tracker, so a weakness that no newer package mends yet is not seen;
and the Python libraries, which `pip-audit -r firmware/locks/runtime.txt` compares where its service can be reached.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of a comparison: packages by name, with the version that ships and, of `newer`, the one there is."""

    compared: int
    newer: Mapping[str, tuple[str, str]]
    gone: Mapping[str, str]
    moments: Mapping[str, str]

    @property
    def is_clean(self) -> bool:
        """Whether nothing is outstanding."""
        return not self.newer and not self.gone


def debian_packages(bill: Path) -> dict[str, str]:
    """
    The Debian packages of a bill of materials, with their versions.

    Raises:
        BuildError: if there is no bill, or none of ours.
    """
    try:
        listed = json.loads(bill.read_text(encoding="utf-8"))["components"]
        found = {part["name"]: part["version"] for part in listed if part["purl"].startswith("pkg:deb/")}
    except FileNotFoundError as missing:
        raise BuildError(f"there is no {bill}: `make image` makes it") from missing
    except (ValueError, KeyError, TypeError) as error:
        raise BuildError(f"{bill} is no bill of materials of ours ({error})") from error
    if not found:
        raise BuildError(f"{bill} names no Debian package")
    return found


def compare(shipped: Mapping[str, str], apt: Apt) -> Found:
    """What of `shipped` is not what would be taken today. A kernel's packages bear its version, so they go instead."""
    there = apt.candidates(sorted(shipped))
    return Found(
        compared=len(shipped),
        newer={name: (old, there[name]) for name, old in shipped.items() if name in there and _above(there[name], old)},
        gone={name: version for name, version in shipped.items() if name not in there},
        moments=apt.moments(),
    )


def check(image: Image, bill: Path) -> Found:
    """Compare a bill with the releases that the image's layers name, as this machine's own mirror has them."""
    lines = [_signed(line) for line in sources(image)]
    with private_apt(lines, preferences=preferences(image), options=apt_options()) as apt:
        return compare(debian_packages(bill), apt)


def report(found: Found, bill: str) -> str:
    """The comparison for people, and for those who audit: what was asked, what is outstanding, what was not asked."""
    asked = "".join(f"  {release}: {moment}\n" for release, moment in found.moments.items())
    lines = [f"  {name}: {old} ships, {new} is there\n" for name, (old, new) in sorted(found.newer.items())]
    lines += [f"  {name}: {old} ships, and has gone from the archive\n" for name, old in sorted(found.gone.items())]
    outstanding = f"Outstanding, {len(lines)}:\n{''.join(lines)}" if lines else "Nothing is outstanding.\n"
    return f"{bill}: {found.compared} Debian packages, compared with\n{asked}{outstanding}{NOT_ASKED}"


def _above(new: str, old: str) -> bool:
    return new != old and not subprocess.run(["dpkg", "--compare-versions", new, "gt", old], check=False).returncode


def _signed(line: str) -> str:
    """Debian's own lines name no key, because mmdebstrap is told it otherwise."""
    return line if "[" in line else line.replace("deb ", f"deb [signed-by={KEYRING}] ", 1)
