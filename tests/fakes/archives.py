"""A small archive of Debian packages on the disk, as far as apt's index goes: what there is, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def make_archive(
    place: Path,
    packages: Mapping[str, str],
    *,
    release: str,
    label: str = "Debian",
    component: str = "main",
    depends: Mapping[str, str] | None = None,
) -> str:
    """Make an archive of packages (name → version; `depends`: name → what it asks for), and return its `deb` line."""
    index = place / "dists" / release / component / "binary-arm64"
    index.mkdir(parents=True, exist_ok=True)
    paragraphs = []
    for name, version in packages.items():
        lines = [
            f"Package: {name}",
            f"Version: {version}",
            "Architecture: arm64",
            "Maintainer: Nobody <nobody@example.org>",
        ]
        lines += [f"Depends: {depends[name]}"] if depends and name in depends else []
        lines += [
            f"Filename: pool/{name}_{version}_arm64.deb",
            "Size: 1",
            f"SHA256: {'0' * 64}",
            "Description: a package",
        ]
        paragraphs.append("\n".join(lines) + "\n")
    (index / "Packages").write_text("\n".join(paragraphs), encoding="utf-8")
    said = {"Origin": label, "Label": label, "Suite": release, "Codename": release, "Architectures": "arm64",
            "Components": component, "Date": "Sun, 22 Nov 2026 00:00:00 UTC"}  # fmt: skip
    text = "".join(f"{word}: {value}\n" for word, value in said.items())
    (place / "dists" / release / "Release").write_text(text, encoding="utf-8")
    return f"deb [trusted=yes] file:{place} {release} {component}"
