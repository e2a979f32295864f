"""
Makes one file of the suite, `hw-tests.pyz`, that runs wherever Vigil is installed: the image holds no pytest.

`python -m hw_tests.pack FILE` writes it; it holds these tests, pytest as installed here, and what stands for missing
hardware. Pygments, which pytest asks for too, comes with Vigil itself.
"""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = ("hw_tests", "tests/fakes/libcamera_virtual")
BORROWED = ("pytest", "pluggy", "iniconfig", "packaging")

# Nothing can be collected out of a ZIP file, so it unpacks itself first.
START = '''"""Vigil's hardware tests, in one file: docs/guide/hardware-tests.md."""
import os, subprocess, sys, tempfile, zipfile
with tempfile.TemporaryDirectory(prefix="hw-tests-") as place:
    with zipfile.ZipFile(sys.argv[0]) as carried:
        carried.extractall(place)
    command = [sys.executable, "-B", "-m", "hw_tests", *sys.argv[1:]]
    code = subprocess.run(command, env={**os.environ, "PYTHONPATH": place}).returncode
sys.exit(code)
'''


def packed() -> bytes:
    """Return the file; the same sources and the same pytest make the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted({"__main__.py": START.encode(), **dict(_contents())}.items()):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _contents() -> Iterator[tuple[str, bytes]]:
    for place in OURS:
        for path in (ROOT / place).rglob("*.py"):
            yield path.relative_to(ROOT).as_posix(), path.read_bytes()
    for name in BORROWED:
        for file in distribution(name).files or ():
            if file.suffix in (".py", ".typed") or file.name in ("METADATA", "entry_points.txt"):
                yield file.as_posix(), file.read_binary()


def main() -> int:
    """Write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(packed())
    print(f"{file}: {file.stat().st_size >> 10} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
