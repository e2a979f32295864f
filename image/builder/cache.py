"""Keeps what took long to make, under a name that is the hash of everything it was made from."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

KEPT_DAYS = 14


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a build as it went: which product, how long, how much work, whether it had been made before."""

    name: str
    product: Path
    seconds: float
    cpu_seconds: float
    cached: bool


@dataclass(slots=True)
class Cache:
    """
    Directories named `<step>-<hash of the inputs>`. A directory is there whole, or not at all.

    Two steps of equal inputs are the same product: whoever adds an input that matters must name it. Several builds
    may share a cache; what two of them lack, one makes while the other waits for it.
    """

    home: Path
    steps: list[Step] = field(default_factory=list)

    def product(self, name: str, inputs: Mapping[str, object], make: Callable[[Path], None]) -> Path:
        """The directory of this step; `make` fills it if it is not there yet."""
        product = self.home / f"{name}-{hash_of(inputs)}"
        began, worked = time.monotonic(), _cpu_seconds()
        cached = product.is_dir()
        if not cached:
            with self._lock(product.name):
                if not product.is_dir():
                    making = self.home / f"{product.name}.making"
                    shutil.rmtree(making, ignore_errors=True)
                    making.mkdir(parents=True)
                    make(making)
                    making.rename(product)
        os.utime(product)
        step = Step(name, product, time.monotonic() - began, _cpu_seconds() - worked, cached)
        self.steps.append(step)
        print(f"  {name:<10} {'cached' if cached else f'{step.seconds:6.1f} s'}  {product.name}", file=sys.stderr)
        return product

    def sweep(self) -> None:
        """Take away what a build left that did not end, and what none used for two weeks: of the steps made here."""
        names = {step.name for step in self.steps}
        oldest = time.time() - KEPT_DAYS * 86400
        for path in self.home.iterdir():
            if not path.is_dir() or path.name.rpartition("-")[0] not in names:
                continue
            if path.suffix == ".making":
                with suppress(BlockingIOError), self._lock(path.stem, waiting=False):
                    shutil.rmtree(path, ignore_errors=True)
            elif path.stat().st_mtime < oldest:
                shutil.rmtree(path, ignore_errors=True)
                (self.home / "locks" / path.name).unlink(missing_ok=True)

    @contextmanager
    def _lock(self, name: str, *, waiting: bool = True) -> Iterator[None]:
        """Nobody else makes this product meanwhile. Raises `BlockingIOError` if somebody does and we do not wait."""
        (self.home / "locks").mkdir(parents=True, exist_ok=True)
        with (self.home / "locks" / name).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if waiting else fcntl.LOCK_NB))
            yield


def _cpu_seconds() -> float:
    """What this process and the programs that it has run have cost so far."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def hash_of(inputs: Mapping[str, object]) -> str:
    """Sixteen hexadecimal digits for what a step is made from: texts, numbers, and lists and tables of them."""
    said = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def hash_of_files(*places: Path) -> str:
    """One hash for files and whole directories: names, modes and contents, but no times."""
    digest = hashlib.sha256()
    for place in places:
        for path in sorted([place, *place.rglob("*")] if place.is_dir() else [place]):
            if "__pycache__" in path.parts or not (path.is_file() or path.is_symlink()):
                continue
            said = os.fsencode(path.relative_to(place.parent))
            content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            mode = 0 if path.is_symlink() else path.stat().st_mode & 0o111
            digest.update(b"%d %s %d %d " % (len(said), said, mode, len(content)) + content)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
