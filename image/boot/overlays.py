"""The device-tree overlays of the reference wiring, compiled: what the owner's `hardware.env` names."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "overlays"
# Which overlays fit which boards: U-Boot looks into the folder of the board that it runs on.
FAMILIES = ("bcm2835", "rp1")


@cache
def compiled_overlays() -> dict[str, bytes]:
    """Files for p2 and p3, by path: `overlays/<family>/<name>.dtbo`. Fails where the compiler has anything to say."""
    sources = [source for family in FAMILIES for source in sorted((SOURCES / family).glob("*.dts"))]
    return {f"overlays/{source.parent.name}/{source.stem}.dtbo": compile_overlay(source) for source in sources}


def compile_overlay(source: Path) -> bytes:
    """One overlay. Raises `ValueError` with the compiler's words, warnings too."""
    command = ["dtc", "-@", "-I", "dts", "-O", "dtb", "-o", "-", str(source)]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode or done.stderr:
        raise ValueError(f"{source.name}: {done.stderr.decode()}")
    return done.stdout
