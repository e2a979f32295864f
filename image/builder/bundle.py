"""Packs an update: both partitions of a system, each block provable, signed (docs/spec/bundle.md)."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from .cache import sha256_of
from .errors import BuildError
from .publisher import Publisher
from .run import run

BLOCK_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What an update says of itself, and the images by the class of slot that they are for."""

    compatible: str
    version: str
    build: str
    images: dict[str, Path]


def make_bundle(target: Path, update: Update, publisher: Publisher, epoch: int) -> None:
    """
    Write a bundle in RAUC's format `verity`; the same bytes for the same images, version and key.

    Raises:
        BuildError: if there is no key, or a tool fails.
    """
    manifest = _manifest(update)
    _pack(target, update, manifest, epoch)
    payload_bytes = target.stat().st_size
    salt = sha256_of(target)
    root_hash = _append_hashes(target, salt)
    proof = {"verity-hash": root_hash, "verity-salt": salt, "verity-size": str(target.stat().st_size - payload_bytes)}
    whole = manifest.replace("format=verity\n", "format=verity\n" + "".join(f"{k}={v}\n" for k, v in proof.items()))
    signature = signed(whole.encode(), publisher)
    with target.open("ab") as file:
        file.write(signature + len(signature).to_bytes(8, "big"))


def signed(manifest: bytes, publisher: Publisher) -> bytes:
    """A CMS signature that contains what it signs. Without attributes, for those hold the time."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(manifest)
    builder = builder.add_signer(publisher.certificate, publisher.private, hashes.SHA256())
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoAttributes])


def _manifest(update: Update) -> str:
    lines = [
        "[update]",
        f"compatible={update.compatible}",
        f"version={update.version}",
        f"build={update.build}",
        "",
        "[bundle]",
        "format=verity",
    ]
    for name, image in update.images.items():
        lines += ["", f"[image.{name}]", f"sha256={sha256_of(image)}", f"size={image.stat().st_size}"]
        lines += [f"filename={name}.img"]
    return "\n".join(lines) + "\n"


def _pack(target: Path, update: Update, manifest: str, epoch: int) -> None:
    """A squashfs of the images. Stored as they are: the root is packed already, and zeros take no place anyway."""
    # The hashes begin with the next block, so the pad that mksquashfs makes is wanted.
    options = ["-noappend", "-no-xattrs", "-all-root", "-no-exports", "-no-progress", "-quiet"]
    options += ["-noD", "-noF", "-no-fragments", "-b", "256K"]
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        top = Path(scratch) / "content"
        top.mkdir()
        for name, image in update.images.items():
            shutil.copyfile(image, top / f"{name}.img")
        (top / "manifest.raucm").write_text(manifest, encoding="utf-8")
        for path in (*top.iterdir(), top):
            path.chmod(0o755 if path is top else 0o644)
            os.utime(path, (epoch, epoch))
        target.unlink(missing_ok=True)
        run(["mksquashfs", top, target, *options], extra={"SOURCE_DATE_EPOCH": str(epoch)})


def _append_hashes(target: Path, salt: str) -> str:
    size = target.stat().st_size
    if size % BLOCK_BYTES:
        raise BuildError(f"mksquashfs left {size} bytes, which is no whole number of blocks")
    options = ["--no-superblock", f"--salt={salt}", f"--hash-offset={size}", f"--data-blocks={size // BLOCK_BYTES}"]
    said = run(["veritysetup", "format", *options, target, target])
    found = re.search(r"Root hash:\s+([0-9a-f]{64})", said)
    if not found:
        raise BuildError(f"veritysetup said no root hash:\n{said}")
    return found[1]
