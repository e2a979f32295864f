"""What a camera says about its streams before it sends them (SDP, RFC 8866), as cameras really write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vigil.errors import FormatError

LARGEST_BYTES = 64 * 1024
MOST_MEDIA = 32

# RFC 3551, 6: types whose meaning need not be said.
_KNOWN = {
    0: ("PCMU", 8000, 1), 3: ("GSM", 8000, 1), 4: ("G723", 8000, 1), 8: ("PCMA", 8000, 1), 9: ("G722", 8000, 1),
    10: ("L16", 44100, 2), 11: ("L16", 44100, 1), 14: ("MPA", 90000, 1), 18: ("G729", 8000, 1),
    26: ("JPEG", 90000, 1), 31: ("H261", 90000, 1), 32: ("MPV", 90000, 1), 33: ("MP2T", 90000, 1),
    34: ("H263", 90000, 1),
}  # fmt: skip
_DEFAULT_RATES = {"video": 90_000, "audio": 8_000}

_MEDIA = re.compile(r"(\S+)\s+\d+(?:/\d+)?\s+(\S+)\s+(\d{1,3})(?:\s|$)")
_RTPMAP = re.compile(r"(\d{1,3})\s+([^/\s]+)(?:\s*/\s*(\d{1,9}))?(?:\s*/\s*(\d{1,3}))?")
_FMTP = re.compile(r"(\d{1,3})\s+(.*)", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class Media:
    """
    One stream on offer.

    `kind` is ``video``, ``audio`` or another word; `encoding` the name of the
    payload format in capitals, empty where it was not said. `fmtp` has its
    parameters, names in small letters. `control_url` is where it is set up.
    """

    kind: str
    encoding: str
    clock_rate: int
    channels: int
    payload_type: int
    fmtp: Mapping[str, str]
    control_url: str


@dataclass(frozen=True, slots=True)
class Presentation:
    """All that is on offer. `control` is the address that plays all of it."""

    media: tuple[Media, ...]
    control: str


def read_sdp(text: bytes | str, base_url: str) -> Presentation:
    """
    Read a description; `base_url` is its Content-Base, or else the address asked (RFC 2326, C.1.1).

    Lines that are unknown, out of order or missing do no harm; of attributes
    that come twice the first counts. Media that are not plain RTP are left out.
    Raises `FormatError` when nothing is left.
    """
    if len(text) > LARGEST_BYTES:
        raise FormatError(f"the camera describes its streams in {len(text)} bytes, more than {LARGEST_BYTES}")
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    session, sections = _sections(text)
    control = _first(session, "control") or "*"
    # Only a whole address moves the base: that is how the widely used clients read it, so cameras are tested so.
    base = control if _SCHEME.match(control) else base_url
    media = [found for line, attributes in sections if (found := _media(line, attributes, base)) is not None]
    if not media:
        raise FormatError("the camera describes no stream that is sent as RTP")
    return Presentation(tuple(media), _address(base_url, control))


def _sections(text: str) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Return the attributes of the session, and of each medium its first line and its attributes."""
    session: list[str] = []
    sections: list[tuple[str, list[str]]] = []
    attributes = session
    for line in re.split(r"[\r\n]+", text.strip("\0\r\n\t ")):
        letter, _, value = line.strip("\0\t ").partition("=")
        if letter == "m":
            if len(sections) == MOST_MEDIA:
                raise FormatError(f"the camera describes more than {MOST_MEDIA} streams")
            attributes = []
            sections.append((value, attributes))
        elif letter == "a":
            attributes.append(value.strip())
    return session, sections


def _values(attributes: Iterable[str], name: str) -> list[str]:
    """Return what follows the colon in the attributes of this name."""
    parted = (attribute.partition(":") for attribute in attributes)
    return [value.strip() for found, _, value in parted if found.strip().lower() == name]


def _first(attributes: Iterable[str], name: str) -> str:
    return next((value for value in _values(attributes, name) if value), "")


def _media(line: str, attributes: list[str], base: str) -> Media | None:
    """Return the medium that one m= line begins, unless it is not plain RTP."""
    found = _MEDIA.match(line.strip())
    if found is None or not found[2].upper().startswith("RTP/AVP"):
        return None
    kind, number = found[1].lower(), int(found[3])
    if number > 127:
        return None
    encoding, rate, channels = _mapping(attributes, kind, number)
    url = _address(base, _first(attributes, "control"))
    return Media(kind, encoding, rate, channels, number, _parameters(attributes, number), url)


def _mapping(attributes: list[str], kind: str, number: int) -> tuple[str, int, int]:
    """Return name, ticks a second and channels of a payload type."""
    name, rate, channels = _KNOWN.get(number, ("", 0, 1))
    for value in _values(attributes, "rtpmap"):
        if (found := _RTPMAP.match(value)) and int(found[1]) == number:
            name, rate, channels = found[2].upper(), int(found[3] or 0), int(found[4] or 1)
            break
    return name, rate or _DEFAULT_RATES.get(kind, 90_000), channels


def _parameters(attributes: list[str], number: int) -> Mapping[str, str]:
    """Return the format's parameters: `name=value` between semicolons."""
    parameters: dict[str, str] = {}
    for value in _values(attributes, "fmtp"):
        if (found := _FMTP.match(value)) and int(found[1]) == number:
            for part in found[2].split(";"):
                name, _, said = part.partition("=")
                if name.strip():
                    parameters.setdefault(name.strip().lower(), said.strip())
    return MappingProxyType(parameters)


def _address(base: str, control: str) -> str:
    """
    Return the address that a control attribute names.

    A relative one is put behind the base with one slash between, even behind a
    query: cameras expect what the widely used clients send, not RFC 3986.
    """
    if control in {"", "*"}:
        return base
    if _SCHEME.match(control):
        return control
    if control.startswith("?"):
        return base + control
    return base.rstrip("/") + "/" + control.lstrip("/")
