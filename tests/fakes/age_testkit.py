"""The official age test vectors (C2SP CCTV), as the npm package `cctv-age` has them; cached outside the checkout."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "cctv-age"
VERSION = "0.2.0"
KNOWN = {"expect", "payload", "file key", "identity", "passphrase", "armored", "comment", "compressed", "password"}


@dataclass(frozen=True)
class Vector:
    """One case: what must come out of `data`, in the words of the test kit."""

    name: str
    expect: str
    payload_sha256: str
    identities: tuple[str, ...]
    passphrases: tuple[str, ...]
    armored: bool
    data: bytes


def vectors() -> list[Vector]:
    """Return every vector of the kit."""
    source = _script().read_text()
    found = re.findall(r'^// \.\./testdata/(\S+)\nvar \w+ = __toBinary\("([^"]*)"\);', source, re.MULTILINE)
    return [_parse(name, base64.b64decode(text)) for name, text in found]


def _script() -> Path:
    cache = Path(os.environ.get("VIGIL_CACHE", Path.home() / ".cache/vigil")) / f"{PACKAGE}-{VERSION}"
    script = cache / "package/index.js"
    if not script.exists():
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=cache, check=True, capture_output=True)
        with tarfile.open(cache / f"{PACKAGE}-{VERSION}.tgz") as archive:
            (cache / "package").mkdir(exist_ok=True)
            part = cache / "package/index.js.part"
            content = archive.extractfile("package/index.js")
            assert content
            part.write_bytes(content.read())
            part.rename(script)
    return script


def _parse(name: str, blob: bytes) -> Vector:
    head, _, data = blob.partition(b"\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.decode().splitlines():
        key, _, value = line.partition(": ")
        fields.setdefault(key, []).append(value)
    assert not set(fields) - KNOWN, f"{name}: the kit has a new key {set(fields) - KNOWN}"
    if fields.get("compressed") == ["zlib"]:
        data = zlib.decompress(data)
    return Vector(
        name,
        fields["expect"][0],
        fields.get("payload", [""])[0],
        tuple(fields.get("identity", [])),
        tuple(fields.get("passphrase", [])),
        "armored" in fields,
        data,
    )
