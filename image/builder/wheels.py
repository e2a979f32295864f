"""Fetches and compiles the recorder's libraries for the box: Python 3.13 on aarch64, every file by its hash."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement

from .archive import EPOCH
from .config import Python
from .run import run, run_inside

# The box, as markers in a lock see it. (pip would judge them by the Python that runs pip.)
BOX = {
    "implementation_name": "cpython",
    "implementation_version": "3.13.5",
    "os_name": "posix",
    "platform_machine": "aarch64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.13.5",
    "python_version": "3.13",
    "sys_platform": "linux",
}

# trixie's C library is 2.41; wheels for anything up to it run.
PLATFORMS = [f"manylinux_2_{minor}_aarch64" for minor in range(41, 16, -1)] + ["manylinux2014_aarch64", "linux_aarch64"]


def pins(lock: Path) -> list[str]:
    """The lines of a lock that are meant for the box: one package each, with all its hashes."""
    text = re.sub(r"^#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = [line for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line.strip()]
    return [line for line in lines if _meant(Requirement(line.split(" --hash=")[0]).marker)]


def _meant(marker: Marker | None) -> bool:
    return marker is None or marker.evaluate(BOX)


def name_of(pin: str) -> str:
    """The package's name, as one writes it in a list."""
    return Requirement(pin.split(" --hash=", maxsplit=1)[0]).name


def all_pins(locks: Iterable[Path]) -> list[str]:
    """The pins of several locks; what two of them name in the same version counts once."""
    found: dict[str, str] = {}
    for lock in locks:
        for pin in pins(lock):
            found.setdefault(name_of(pin), re.sub(r" ;[^-]*(?= --hash)", "", pin))
    return [found[name] for name in sorted(found)]


def fetch(product: Path, python: Python, checkout: Path) -> None:
    """Fill `product/wheels` with what exists compiled, and `product/sources` with what does not."""
    chosen = [pin for pin in all_pins(checkout / lock for lock in python.locks) if name_of(pin) not in python.left_out]
    compiled = [pin for pin in chosen if name_of(pin) not in python.from_source]
    sources = [pin for pin in chosen if name_of(pin) in python.from_source]
    target = ["--python-version=3.13", "--implementation=cp", "--abi=cp313", "--abi=abi3", "--abi=none"]
    target += [f"--platform={platform}" for platform in PLATFORMS]
    _download(product / "wheels", product / "compiled.txt", compiled, ["--only-binary=:all:", *target])
    _download(product / "sources", product / "sources.txt", sources, ["--no-binary=:all:", "--no-build-isolation"])


def _download(into: Path, lock: Path, chosen: list[str], options: list[str]) -> None:
    lock.write_text("".join(f"{pin}\n" for pin in chosen), encoding="utf-8")
    common = ["--quiet", "--no-deps", "--require-hashes", "--no-cache-dir"]
    run([sys.executable, "-m", "pip", "download", *common, *options, "--dest", into, "--requirement", lock])


def compile_sources(product: Path, fetched: Path, trees: list[Path]) -> None:
    """Make wheels of the packages that have none, in the workshop laid under the root (`trees`)."""
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir", "--wheel-dir=/wheels"]
    names = sorted(path.name for path in (fetched / "sources").iterdir())
    run_inside(
        trees,
        product / "upper",
        ["sh", "-c", 'pip wheel "$@" || exit 1', "pip", *options, *(f"/lent/sources/{name}" for name in names)],
        lend=[fetched / "sources"],
        # PYPI: lgpio's way of saying "compile the library in, there is none on the system".
        # -g0: what is there for debuggers names pip's directory, which is another each time.
        extra={"SOURCE_DATE_EPOCH": str(EPOCH), "PYPI": "1", "CFLAGS": "-g0"},
    )
    run(["sh", "-euc", 'mv "$1/upper/wheels" "$1/wheels" && rm -rf "$1/upper"', "sh", product])
