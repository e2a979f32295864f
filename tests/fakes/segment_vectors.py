"""The vectors in `tests/vectors/segment/`, used as any reader would: what lies there, and what must be said of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

VECTORS = Path(__file__).parents[1] / "vectors" / "segment"
EXPECT = "expect"

Change = Callable[[Path, list[str]], None]


def _edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def _swap(path: Path, a: int, b: int, size: int) -> None:
    data = path.read_bytes()
    one, two = data[a : a + size], data[b : b + size]
    path.write_bytes(data[:a] + two + data[a + size : b] + one + data[b + size :])


def _flip(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def _copy(root: Path, source: str, target: str) -> None:
    (root / target).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root / source, root / target)


CHANGES: dict[str, Change] = {
    "remove": lambda root, words: (root / words[0]).unlink(),
    "copy": lambda root, words: _copy(root, words[0], words[1]),
    "cut": lambda root, words: _edit(root / words[0], lambda data: data[: int(words[1])]),
    "drop": lambda root, words: _edit(
        root / words[0], lambda data: data[: int(words[1])] + data[int(words[1]) + int(words[2]) :]
    ),
    "swap": lambda root, words: _swap(root / words[0], int(words[1]), int(words[2]), int(words[3])),
    "flip": lambda root, words: _edit(root / words[0], lambda data: _flip(data, int(words[1]), int(words[2]))),
    "append": lambda root, words: _edit(root / words[0], lambda data: data + bytes.fromhex(words[1])),
}
"""What is done to the files of the base, in the order of the lines. The README beside the vectors says the same."""

ONCE = {"comment", "base", "identity", "age", "journal", "checkpoint", "intact"}
MANY = {"verdict", "line", "span", "absent", "trouble", "anchored", "plaintext", *CHANGES}


@dataclass
class Vector:
    """One case, as its `expect` says. `once` and `many` are its keys."""

    name: str
    once: dict[str, str] = field(default_factory=dict)
    many: dict[str, list[list[str]]] = field(default_factory=dict)
    changes: list[tuple[str, list[str]]] = field(default_factory=list)

    @classmethod
    def read(cls, directory: Path) -> Vector:
        """Read a case. An unknown key, or one given twice that may be given once, is a mistake in the vector."""
        vector = cls(directory.name)
        for line in (directory / EXPECT).read_text(encoding="utf-8").splitlines():
            key, colon, value = line.partition(": ")
            assert colon, f"{directory.name}: no key in {line!r}"
            assert key in ONCE | MANY, f"{directory.name}: unknown key {key}"
            if key in ONCE:
                assert key not in vector.once, f"{directory.name}: {key} is given twice"
                vector.once[key] = value
            elif key in CHANGES:
                vector.changes.append((key, value.split(" ")))
            else:
                vector.many.setdefault(key, []).append(value.split(" "))
        return vector

    def lay_out(self, root: Path) -> None:
        """Put the case's files at `root`: those of its base, its own over them, then what is changed."""
        for name in filter(None, (self.once.get("base"), self.name)):
            shutil.copytree(VECTORS / name, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(EXPECT))
        for key, words in self.changes:
            CHANGES[key](root, words)


def vectors() -> list[Vector]:
    """Return all cases by name."""
    return [Vector.read(path.parent) for path in sorted(VECTORS.glob(f"*/{EXPECT}"))]


def files_below(top: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path and content of every file below `top`, in order."""
    for path in sorted(top.rglob("*")):
        if path.is_file():
            yield path.relative_to(top).as_posix(), path.read_bytes()
