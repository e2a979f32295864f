"""What goes out: the compressed card, what it holds, what it weighs, who vouches for it, and how Imager finds it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from . import bill, notes, xz
from .build import Parts
from .cache import sha256_of
from .config import Image
from .disk import layout, partuuid
from .errors import BuildError
from .slot import boards_of

SIGNER = "vigil-image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What a build calls itself."""

    name: str
    version: str
    board: str
    epoch: int

    @property
    def stem(self) -> str:
        """How its files begin."""
        return f"{self.name}-{self.version}-{self.board}"

    @property
    def moment(self) -> str:
        """The time that everything in it bears."""
        return datetime.fromtimestamp(self.epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compress(product: Path, parts: Parts) -> None:
    """Fill `product/card.img.xz`, which unpacks to the card, and say what that is known by."""
    digest = xz.pack(parts.image, product / "card.img.xz")
    (product / "sha256").write_text(f"{digest}\n", encoding="ascii")


def components(parts: Parts) -> list[bill.Component]:
    """Everything that ships."""
    return [
        *bill.debian_components(parts.debian),
        *bill.debian_components(parts.hardware, shipped=bill.SHIPPED),
        *bill.python_components(parts.fetched / "wheels", parts.compiled / "wheels", parts.wheel),
    ]


def manifest(
    image: Image, parts: Parts, release: Release, packed: Path, listed: list[bill.Component]
) -> dict[str, Any]:
    """Versions, hashes and sizes of a build: all that one needs to say what a card holds."""
    verity = parts.verity
    return {
        "name": release.name,
        "version": release.version,
        "board": release.board,
        "time": release.moment,
        "build_id": parts.root.name.rpartition("-")[2],
        "kernel": parts.kernel,
        "image": {
            "file": f"{release.stem}.img.xz",
            "size_bytes": (packed / "card.img.xz").stat().st_size,
            "sha256": sha256_of(packed / "card.img.xz"),
            "unpacked_size_bytes": parts.image.stat().st_size,
            "unpacked_sha256": (packed / "sha256").read_text(encoding="ascii").strip(),
        },
        "root": {**asdict(verity), "sha256": sha256_of(parts.root / "root.img")},
        "initrd": {
            "size_bytes": (parts.initrd / "initrd").stat().st_size,
            "sha256": sha256_of(parts.initrd / "initrd"),
        },
        "partitions": [
            {
                "number": part.number,
                "name": part.name,
                "partuuid": partuuid(image.disk, part.number),
                "start_mib": part.start_mib,
                "size_mib": part.size_mib,
            }
            for part in layout(image.disk)
        ],
        "packages": [
            {"kind": one.kind, "name": one.name, "version": one.version, "source": one.source} for one in listed
        ],
    }


def os_list(release: Release, image: Image, said: Mapping[str, Any], address: str) -> dict[str, Any]:
    """What Raspberry Pi Imager is given to offer the image. `address`: where the file lies, up to its name."""
    return {
        "os_list": [
            {
                "name": f"Vigil {release.version}",
                "description": image.layers[-1].about,
                "url": f"{address}{said['file']}",
                "extract_size": said["unpacked_size_bytes"],
                "extract_sha256": said["unpacked_sha256"],
                "image_download_size": said["size_bytes"],
                "image_download_sha256": said["sha256"],
                "release_date": release.moment[:10],
                "devices": boards_of(image.boot),
                # Imager's own customisation would write files that nothing here reads.
                "init_format": "none",
            }
        ]
    }


def read_key(path: Path) -> Ed25519PrivateKey:
    """
    The key that vouches for images: an Ed25519 private key in PEM, as `openssl genpkey -algorithm ed25519` makes it.

    Raises:
        BuildError: if the file is not that.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise BuildError(f"IMAGE_KEY: {path} is not a private key in PEM without a password ({error})") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BuildError(f"IMAGE_KEY: {path} is not an Ed25519 key")
    return key


def vouched(release: Release, files: Mapping[str, str]) -> str:
    """The text that is signed: which build, and the SHA-256 of each of its files."""
    lines = [f"vigil image {release.version} {release.board}", release.moment]
    return "".join(f"{line}\n" for line in [*lines, *(f"{digest}  {name}" for name, digest in sorted(files.items()))])


def publish(
    image: Image,
    parts: Parts,
    release: Release,
    packed: Path,
    place: Path,
    *,
    update: Path | None,
    key: Path | None,
    address: str,
) -> dict[str, Any]:
    """Write image, update, checksum, manifest, bill, licences, OS list and note to `place`; return the manifest."""
    listed = components(parts)
    said = manifest(image, parts, release, packed, listed)
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob(f"{release.name}-*-{release.board}.*"):
        old.unlink()
    shutil.copyfile(packed / "card.img.xz", place / f"{release.stem}.img.xz")
    texts = {
        "manifest.json": _json(said),
        "bill.cdx.json": _json(
            bill.cyclonedx(listed, name=release.name, version=release.version, epoch_text=release.moment)
        ),
        "licences.txt": bill.licence_list(listed),
        "os-list.json": _json(os_list(release, image, said["image"], address)),
    }
    for ending, text in texts.items():
        (place / f"{release.stem}.{ending}").write_text(text, encoding="utf-8")
    endings = ["img.xz", *texts]
    if update:
        shutil.copyfile(update, place / f"{release.stem}.raucb")
        endings.append("raucb")
    names = [f"{release.stem}.{ending}" for ending in endings]
    digests = {name: sha256_of(place / name) for name in names}
    sums = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    (place / f"{release.stem}.sha256").write_text(sums, encoding="ascii")
    if key:
        private = read_key(key)
        note = notes.sign(vouched(release, digests), SIGNER, private)
        (place / f"{release.stem}.note").write_text(note, encoding="utf-8")
    return said


def _json(said: Mapping[str, Any]) -> str:
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"
