"""The kernel that the image brings, as Debian packs it: for tests which need a kernel and no more."""

from __future__ import annotations

import gzip
from pathlib import Path

from boot.archive import BACKPORTS, RELEASE, archive
from boot.products import kept


def debian_kernel() -> bytes:
    """The newest kernel of trixie-backports for arm64, compressed; from the cache, fetched the first time."""
    return (kept("kernel", _unpack) / "vmlinuz.gz").read_bytes()


def _unpack(target: Path) -> None:
    with archive(RELEASE, BACKPORTS) as debian:
        (base,) = debian.depends(f"linux-base-arm64/{BACKPORTS}")
        debian.unpack(base.replace("linux-base-", "linux-binary-"), target)
    (kernel,) = target.glob("usr/lib/modules/*/vmlinuz")
    (target / "vmlinuz.gz").write_bytes(gzip.compress(kernel.read_bytes(), compresslevel=6, mtime=0))
    kernel.unlink()
