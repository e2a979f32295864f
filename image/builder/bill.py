"""The bill of materials: everything that ships, with version, licence and where it comes from (CycloneDX 1.6)."""

from __future__ import annotations

import re
import tarfile
import uuid
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .cache import sha256_of

# Packages of the hardware tree whose files end up on the card.
SHIPPED = re.compile(r"linux-(binary|modules|base|image)-[0-9].*|raspi-firmware|u-boot-rpi|firmware-brcm80211")


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One thing that ships."""

    kind: str
    name: str
    version: str
    source: str
    licences: tuple[str, ...]
    sha256: str = ""

    @property
    def purl(self) -> str:
        """Its name for tools that look for known weaknesses."""
        if self.kind == "deb":
            return f"pkg:deb/debian/{self.name}@{quote(self.version)}?arch=arm64&distro=trixie"
        return f"pkg:pypi/{self.name.lower()}@{quote(self.version)}"


def debian_components(tree: Path, *, shipped: re.Pattern[str] | None = None) -> list[Component]:
    """The packages of a product's tree, with the licences that their copyright files name."""
    licences = _debian_licences(tree / "tree.tar")
    rows = [line.split("\t") for line in (tree / "packages.tsv").read_text(encoding="utf-8").splitlines()]
    return [
        Component(
            kind="deb", name=name, version=version, source=f"{source}={source_version}", licences=licences.get(name, ())
        )
        for name, version, source, source_version in sorted(rows)
        if shipped is None or shipped.fullmatch(name)
    ]


def python_components(*places: Path) -> list[Component]:
    """The wheels in these directories, with the licences of their metadata."""
    found = []
    for path in sorted(wheel for place in places for wheel in place.glob("*.whl")):
        with zipfile.ZipFile(path) as wheel:
            name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            said = HeaderParser().parsestr(wheel.read(name).decode("utf-8"))
        licences = _python_licences(
            said.get("License-Expression"), said.get_all("Classifier") or [], said.get("License")
        )
        found.append(
            Component(
                kind="pypi",
                name=said["Name"],
                version=said["Version"],
                source=path.name,
                licences=licences,
                sha256=sha256_of(path),
            )
        )
    return found


def cyclonedx(components: list[Component], *, name: str, version: str, epoch_text: str) -> dict[str, Any]:
    """The bill as CycloneDX asks for it; the same components make the same bill."""
    listed = [_as_cyclonedx(component) for component in components]
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"vigil {version} " + " ".join(part["purl"] for part in listed))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{identity}",
        "version": 1,
        "metadata": {
            "timestamp": epoch_text,
            "component": {"type": "operating-system", "name": name, "version": version},
        },
        "components": listed,
    }


def licence_list(components: list[Component]) -> str:
    """One line for each thing that ships: name, version, licences."""
    return "".join(f"{one.name} {one.version}: {', '.join(one.licences) or 'see its source'}\n" for one in components)


def _as_cyclonedx(component: Component) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": "library",
        "bom-ref": component.purl,
        "name": component.name,
        "version": component.version,
        "purl": component.purl,
        "licenses": [{"license": {"name": licence}} for licence in component.licences],
        "properties": [{"name": "vigil:source", "value": component.source}],
    }
    if component.sha256:
        said["hashes"] = [{"alg": "SHA-256", "content": component.sha256}]
    return said


def _debian_licences(tree: Path) -> dict[str, tuple[str, ...]]:
    """What the copyright files say, as far as they are written for machines (DEP 5)."""
    found: dict[str, tuple[str, ...]] = {}
    links: dict[str, str] = {}
    with tarfile.open(tree) as archive:
        for member in archive:
            match = re.fullmatch(r"\./usr/share/doc/([^/]+)(/copyright)?", member.name)
            if match and match[2] and member.isfile():
                file = archive.extractfile(member)
                text = file.read().decode("utf-8", "replace") if file else ""
                found[match[1]] = tuple(sorted(set(re.findall(r"^License: *(\S.*?) *$", text, re.MULTILINE))))
            elif match and member.issym():
                links[match[1]] = member.linkname.removeprefix("../").split("/")[0]
    return found | {name: found[target] for name, target in links.items() if target in found}


def _python_licences(expression: str | None, classifiers: list[str], text: str | None) -> tuple[str, ...]:
    """A wheel names its licence in one of three ways; the newest is asked first."""
    if expression:
        return (expression,)
    classes = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License ::")]
    if classes:
        return tuple(sorted(set(classes)))
    return (text.strip().splitlines()[0],) if text and text.strip() else ()
