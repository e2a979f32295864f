"""Trees of Debian packages: one installed (the root), two only taken apart (hardware and workshop)."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .config import Image
from .errors import BuildError
from .run import run

# The time of all files that come from packages and libraries: any fixed moment before the image's own will do. The
# root keeps it, and bytecode that Python compiles in passing, while the ground is made, knows its source by it.
EPOCH = 1_700_000_000

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# What foreign archives call themselves in their Release files.
LABELS = {"raspberrypi": "Raspberry Pi Foundation"}

# Documents stay out; the copyright files stay in, because the list of licences is made from them.
LEFT_OUT = (
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/info/*",
    # The tree is thrown away if the machine stops: nothing need reach the disk before the end.
    "force-unsafe-io",
)

# One package a line: name, version, source package, its version.
FIELDS = r"${Package}\t${Version}\t${source:Package}\t${source:Version}\n"
LIST_INSTALLED = f"""dpkg-query --admindir="$1/var/lib/dpkg" --show --showformat '{FIELDS}'"""
LIST_FETCHED = (
    f"""find "$1/var/cache/apt/archives" -name '*.deb' -exec dpkg-deb --show --showformat '{FIELDS}' {{}} ';'"""
)


def mirrors() -> dict[str, str]:
    """
    Where this machine's own apt finds Debian: the addresses of a plain release and of its security updates.

    Raises:
        BuildError: if the machine's apt names no Debian archive.
    """
    words = "$(CREATED_BY) $(COMPONENT) $(RELEASE) $(REPO_URI)"
    listed = run(["apt-get", "indextargets", "--no-release-info", "--format", words])
    found: dict[str, str] = {}
    for line in listed.splitlines():
        kind, component, release, address = line.split(maxsplit=3)
        if kind == "Packages" and component == "main" and not release.endswith(("-updates", "-backports")):
            found.setdefault("security" if release.endswith("-security") else "plain", address)
    if "plain" not in found:
        raise BuildError("this machine's apt names no Debian archive with 'main'; add one to /etc/apt/sources.list.d")
    return found


def sources(image: Image) -> list[str]:
    """One `deb` line for each release that the layers name and this machine can reach."""
    known = mirrors()
    lines = []
    for source, components in image.sources.items():
        foreign, _, release = source.rpartition(":")
        if foreign:
            lines.append(f"deb {_foreign(foreign)} {release} {' '.join(components)}")
        elif address := known.get("security" if release.endswith("-security") else "plain"):
            lines.append(f"deb {address} {release} {' '.join(components)}")
    return lines


def _foreign(name: str) -> str:
    """Where an archive that is not Debian's lies, and which keys sign it: said by the environment, not by a file."""
    word = f"IMAGE_ARCHIVE_{name.upper()}"
    address, keyring = os.environ.get(word), os.environ.get(f"{word}_KEYRING")
    if not (address and keyring):
        raise BuildError(
            f"this board needs the archive {name}: give its address in {word}, its keys' file in {word}_KEYRING"
        )
    return f"[signed-by={keyring}] {address}"


def preferences(image: Image) -> str:
    """Apt's preferences: a release beyond the ground one gives only what is pinned to it."""
    ground = next(iter(image.sources))
    paragraphs = [
        f"Package: *\nPin: {_pin(release)}\nPin-Priority: -1\n"
        for release in image.sources
        if not release.startswith(ground)
    ]
    for name, pin in image.pins().items():
        paragraphs.append(f"Explanation: {pin.reason}\nPackage: {name}\nPin: {_pin(pin.release)}\nPin-Priority: 990\n")
    return "\n".join(paragraphs)


def _pin(source: str) -> str:
    """How apt's preferences call a release: by its name, and for a foreign archive by its label too."""
    foreign, _, release = source.rpartition(":")
    return f"release l={LABELS[foreign]},n={release}" if foreign else f"release n={release}"


def apt_options() -> list[str]:
    """How this machine reaches its archive (a proxy, a frozen mirror whose indexes have expired) holds for ours too."""
    wanted = re.compile(r"^Acquire::(https?::Proxy[^ ]*|Check-Valid-Until|Check-Date) ")
    reach = [line for line in run(["apt-config", "dump"]).splitlines() if wanted.match(line)]
    return [*reach, 'APT::Install-Recommends "false";', 'Acquire::Languages "none";']


def tree_inputs(image: Image, kind: str) -> dict[str, object]:
    """What a tree depends on: everything but the address that its packages come from."""
    return {
        "packages": image.packages(kind),
        "sources": {release: list(components) for release, components in image.sources.items()},
        "preferences": preferences(image) if kind != "workshop" else "",
        "left out": list(LEFT_OUT) if kind == "packages" else [],
        "epoch": EPOCH,
    }


def make_tree(image: Image, kind: str, product: Path) -> None:
    """
    Fill `product` with `tree.tar` (packages of one kind) and `packages.tsv` (their names, versions and sources).

    `packages` are installed, under emulation; `hardware` and `workshop` are taken apart without running anything.
    """
    rules = product / "preferences"
    rules.write_text(preferences(image), encoding="utf-8")
    command: list[str | Path] = [
        "mmdebstrap",
        *("--quiet", "--mode=root", "--format=tar", "--architectures=arm64", f"--keyring={KEYRING}"),
        f"--variant={'essential' if kind == 'packages' else 'extract'}",
        *(f"--aptopt={option}" for option in apt_options()),
        *(f"--dpkgopt={option}" for option in LEFT_OUT if kind == "packages"),
        f'--setup-hook=mkdir -p "$1/etc/apt/preferences.d" && cp "{rules}" "$1/etc/apt/preferences.d/vigil"',
        # What is installed stands in dpkg's list; of what is only taken apart, the packages themselves are asked.
        f"--customize-hook={LIST_INSTALLED} >{product / 'packages.tsv'}"
        if kind == "packages"
        else f"--extract-hook={LIST_FETCHED} >{product / 'packages.tsv'}",
        *(f"--include={name}" for name in image.packages(kind)),
        next(iter(image.sources)),
        product / "tree.tar",
        *sources(image),
    ]
    run(command, extra={"SOURCE_DATE_EPOCH": str(EPOCH)})


def unpack(tree: Path, directory: Path) -> Path:
    """Lay a product's tree out in a directory, owners and capabilities included."""
    directory.mkdir(parents=True, exist_ok=True)
    run(
        [
            "tar",
            "--extract",
            "--numeric-owner",
            "--xattrs",
            "--xattrs-include=*",
            "--directory",
            directory,
            "--file",
            tree / "tree.tar",
        ]
    )
    return directory
