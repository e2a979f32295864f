"""
The cases in `tests/vectors/rtp/`: packets, and what must come out of them, stated by hand.

Run as a program, this writes them anew: `PYTHONPATH=firmware:tests python -m fakes.rtp_vectors`.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Sequence
from typing import Any

from fakes.parameter_sets import FRAMES_ONLY, sps_of, ue, vui_of
from fakes.repository import ROOT
from fakes.rtp_packets import (
    SSRC,
    Sender,
    h264_fragments,
    h264_together,
    h265_fragments,
    h265_together,
    rtp,
)

FOLDER = ROOT / "tests/vectors/rtp"
GAP = 3600
FRAME = 1024 * 90_000 // 16_000

_BEGUN = f"{77:08b}{0:08b}{30:08b}" + ue(0) + ue(0) + ue(0) + ue(0) + ue(4) + "0"
SPS = sps_of(_BEGUN + FRAMES_ONLY + "0", "1", vui_of(reorder=0))
DEEP = sps_of(_BEGUN + FRAMES_ONLY + "0", "1", vui_of(reorder=2))
SMALL = sps_of(_BEGUN + ue(9) + ue(8) + "11" + "0", "1", vui_of(reorder=0))
PPS, AUD, SEI = b"\x68\xef\x0f\xcb", b"\x09\xf0", b"\x06\x05\x01\x80"
IDR, IDR2, P, P2 = b"\x65\x88\x84\x01", b"\x65\x09\x84\x02", b"\x41\x9a\x21\x03", b"\x41\x1a\x21\x04"
LONG = b"\x65\x88" + bytes(range(1, 101))
LONG_P = b"\x41\x9a" + bytes(range(1, 101))

# Out of the film `h265` of tests/fakes/mp4_sources.py.
VPS = bytes.fromhex("40010c01ffff01600000030090000003000003001e959409")
SPS5 = bytes.fromhex("42010101600000030090000003000003001ea01420207cb965654a4c2f016808000003000800000300c840")
PPS5 = bytes.fromhex("4401c073c189")
IDR5, P5, CRA5, RASL5 = b"\x26\x01\xaf\x01", b"\x02\x01\xd0\x02", b"\x2a\x01\xac\x03", b"\x10\x01\xe0\x04"

Unit = bytes
Shown = tuple[int, int, bool, Sequence[Unit]]
CASES: dict[str, dict[str, Any]] = {}


def described(encoding: str = "H264", *, sets: Sequence[bytes] = (SPS, PPS), more: str = "", sound: str = "") -> str:
    """Return a camera's description."""
    words = [base64.b64encode(unit).decode() for unit in sets]
    names = ("sprop-vps", "sprop-sps", "sprop-pps")
    said = [f"{n}={w}" for n, w in zip(names, words, strict=False)]
    if encoding == "H264":
        said = ["packetization-mode=1", *(["sprop-parameter-sets=" + ",".join(words)] if words else [])]
    lines = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=camera", "t=0 0", "m=video 0 RTP/AVP 96"]
    lines += [f"a=rtpmap:96 {encoding}/90000", f"a=fmtp:96 {';'.join([*said, more])}", "a=control:video"]
    if sound:
        lines += ["m=audio 0 RTP/AVP 97", "a=rtpmap:97 mpeg4-generic/16000/1", f"a=fmtp:97 {sound}", "a=control:audio"]
    return "".join(line + "\r\n" for line in lines)


def case(
    name: str, comment: str, packets: Sequence[bytes | tuple[int, bytes]], pictures: Sequence[Shown] = (), **more: Any
) -> None:
    """Register a case; a packet without a channel comes on 0, each a millisecond after the one before."""
    on = [packet if isinstance(packet, tuple) else (0, packet) for packet in packets]
    CASES[name] = {
        "comment": comment,
        "expect": more.pop("expect", "success"),
        "sdp": more.pop("sdp", described()),
        "packets": [[channel, 1000 * at, data.hex()] for at, (channel, data) in enumerate(on)],
        "pictures": [
            {"pts": pts, "dts": dts, "key": key, "units": [unit.hex() for unit in units]}
            for pts, dts, key, units in pictures
        ],
        "lost": 0,
        "dropped": 0,
        **more,
    }


def film(payloads: Sequence[Sequence[bytes]], *, marked: str = "last", first: int = 1_000_000) -> list[bytes]:
    """Return the packets of pictures at an even pace."""
    sender = Sender()
    return [p for at, picture in enumerate(payloads) for p in sender.picture(picture, first + at * GAP, marked=marked)]


def even(pictures: Sequence[Sequence[Unit]]) -> list[Shown]:
    """Return pictures shown as they come, keyframes where there is an IDR."""
    return [(at * GAP, at * GAP, any(u[0] & 31 == 5 for u in units), units) for at, units in enumerate(pictures)]


def without(packets: Sequence[bytes], *missing: int) -> list[bytes]:
    return [packet for at, packet in enumerate(packets) if at not in missing]


def h264_whole() -> None:
    two = even([[IDR], [P]])
    case("single-units", "a unit in each packet", film([[IDR], [P]]), two)
    case("several-in-one", "STAP-A: sets, SEI and a slice in one packet; then two slices in one",
         film([[h264_together([SPS, PPS, SEI, IDR])], [h264_together([P, P2])]]),
         even([[SEI, IDR], [P, P2]]))  # fmt: skip
    case("fragments", "FU-A: a slice in four packets, one of them empty but for its headers",
         film([h264_fragments(LONG, [10, 50]), h264_fragments(LONG_P, [99])]), even([[LONG], [LONG_P]]))  # fmt: skip
    one = h264_fragments(LONG, [])
    case("fragment-begins-and-ends", "FU-A with both bits, against the RFC", film([one, [P]]), even([[LONG], [P]]))
    case("delimiters-and-filler", "delimiters, filler and zeros behind units are left out",
         film([[AUD, b"\x0c\xff\x80", IDR + b"\0\0"], h264_fragments(LONG_P + bytes(30), [90])]),
         even([[IDR], [LONG_P]]))  # fmt: skip
    case("sets-with-the-pictures", "nothing announced; what comes before the sets cannot be decoded",
         film([[IDR], [P], [SPS, PPS, IDR], [P]]), even([[IDR], [P]]), sdp=described(sets=()))  # fmt: skip
    case("sets-with-markers", "each parameter set bears a marker: it ends nothing",
         film([[SPS, PPS, IDR], [P]], marked="all"), two)  # fmt: skip
    case("another-size", "other parameter sets in mid-stream replace those announced",
         film([[IDR], [P], [SMALL, PPS, IDR], [P]]), even([[IDR], [P], [IDR], [P]]),
         sets=[SMALL.hex(), PPS.hex()])  # fmt: skip
    case("announced-badly", "announced sets that cannot be read do no harm",
         film([[SPS, PPS, IDR], [P]]), two, sdp=described(sets=(b"\x67\x4d", b"\x68")))  # fmt: skip
    case("start-codes", "the byte stream of a file in a packet, against the RFC",
         film([[b"\0\0\0\1" + SPS + b"\0\0\0\1" + PPS + b"\0\0\1" + IDR], [P]]), two,
         sdp=described(sets=()))  # fmt: skip
    case("start-codes-behind-sets", "the byte stream without its first start code, in fragments",
         film([h264_fragments(SPS + b"\0\0\0\1" + PPS + b"\0\0\1" + IDR, [7, 30]), [P]]), two,
         sdp=described(sets=()))  # fmt: skip


def ends() -> None:
    slices = [[IDR, IDR2], [P, P2], [P, P2]]
    case("no-markers", "only timestamps end a picture: the last one may be the beginning of one",
         film(slices, marked="none"), even(slices[:-1]))  # fmt: skip
    case("ends-within-a-picture", "the connection breaks: the last picture has no marker behind it",
         film([[IDR], [P], [P, P2]])[:-1], even([[IDR], [P]]))  # fmt: skip
    case("marker-on-each-slice", "markers mean nothing here", film(slices, marked="all"), even(slices))
    packets = film([[IDR], [P], [P]])
    packets.append(rtp(P2, 65_533, 1_000_000 + 2 * GAP, marker=True))
    packets.append(rtp(IDR, 65_534, 1_000_000 + 3 * GAP, marker=True))
    case("marker-too-early", "a picture goes on behind its marker: markers mean nothing from here on, and nothing is "
         "sure until the next keyframe", packets, even([[IDR], [P], [P], [IDR]]), dropped=1)  # fmt: skip
    still = [rtp(unit, 7 + at, 5, marker=True) for at, unit in enumerate([IDR, P, P])]
    case("clock-stands-still", "all timestamps are the same, but pictures are marked", still,
         [(0, 0, True, [IDR]), (1, 1, False, [P]), (2, 2, False, [P])])  # fmt: skip


def losses() -> None:
    pieces = [[IDR], [P], h264_fragments(LONG_P, [40, 80]), [P], [IDR], [P]]
    left = [*even([[IDR], [P]]), (4 * GAP, 4 * GAP, True, [IDR]), (5 * GAP, 5 * GAP, False, [P])]
    for at, word in ((2, "first"), (3, "middle"), (4, "last")):
        case(f"{word}-fragment-lost", f"the {word} piece of a picture is missing: nothing more until the next keyframe",
             without(film(pieces), at), left, lost=1, dropped=2)  # fmt: skip
    case("picture-lost", "a whole picture is missing: what follows builds on it",
         without(film([[IDR], [P], [P], [P], [IDR]]), 2),
         [*even([[IDR], [P]]), (4 * GAP, 4 * GAP, True, [IDR])], lost=1, dropped=1)  # fmt: skip
    case("lost-before-a-keyframe", "the keyframe behind the hole is whole", without(film([[IDR], [P], [P], [IDR]]), 2),
         [*even([[IDR], [P]]), (3 * GAP, 3 * GAP, True, [IDR])], lost=1)  # fmt: skip
    case("keyframe-without-its-beginning", "the first slice of the keyframe behind the hole is missing",
         without(film([[IDR], [P], [IDR, IDR2], [IDR]]), 2),
         [*even([[IDR], [P]]), (3 * GAP, 3 * GAP, True, [IDR])], lost=1, dropped=1)  # fmt: skip
    ordered = film([[IDR], [P], [P]])
    case("twice", "a packet comes a second time", [ordered[0], *ordered], even([[IDR], [P], [P]]))
    case("fragment-without-beginning", "no number is missing, but the beginning of a unit is",
         film([[IDR], h264_fragments(LONG_P, [40])[1:], [IDR]]),
         [(0, 0, True, [IDR]), (2 * GAP, 2 * GAP, True, [IDR])], dropped=1)  # fmt: skip
    first, last = h264_fragments(LONG_P, [40])
    case("unit-within-a-unit", "another unit between the pieces of one", film([[IDR], [first, P, last], [IDR]]),
         [(0, 0, True, [IDR]), (2 * GAP, 2 * GAP, True, [IDR])], dropped=1)  # fmt: skip
    case("length-too-long", "a unit in a STAP-A is longer than the packet", film([[IDR], [b"\x18\0\xff" + P], [IDR]]),
         [(0, 0, True, [IDR]), (2 * GAP, 2 * GAP, True, [IDR])], dropped=1)  # fmt: skip
    again = [rtp(IDR, 100, 77, marker=True, ssrc=9), rtp(P, 101, 77 + GAP, marker=True, ssrc=9)]
    case("begun-anew", "the sender begins anew with other numbers, another name and another time",
         film([[IDR], [P]]) + again, even([[IDR], [P], [IDR], [P]]))  # fmt: skip


def times() -> None:
    pictures = [[IDR], [P], [P]]
    case("time-wraps", "timestamps go over 2^32", film(pictures, first=2**32 - GAP - 1), even(pictures))
    packets = [*film(pictures, first=9_000_000), rtp(P, 65_533, 3, marker=True)]
    case("clock-set", "the timestamp goes back by more than a second: no hole", packets, even([*pictures, [P]]))
    packets = [rtp(unit, at, at * GAP + (at > 1) * 900_001, marker=True) for at, unit in enumerate([IDR, P, P, P])]
    case("clock-set-forward", "more than ten seconds forward: no hole", packets, even([*pictures, [P]]))
    shown = [0, 3, 1, 2, 6, 4, 5]
    packets = [rtp(P if n else IDR, at, n * GAP, marker=True) for at, n in enumerate(shown)]
    case("reordered", "the SPS says that two pictures are reordered: times of decoding are counted back from there",
         packets, [((n + 2) * GAP, at * GAP, not n, [P if n else IDR]) for at, n in enumerate(shown)],
         sdp=described(sets=(DEEP, PPS)))  # fmt: skip
    report = struct.pack(">BBHIIIIII", 0x80, 200, 6, SSRC, 2_208_988_800 + 1_767_225_600, 1 << 31, 1_000_000, 0, 0)
    case("camera-clock", "the sender report says what the camera's clock showed at the last picture",
         [(1, report), *film(pictures)], even(pictures), camera_clock_us=1_767_225_600_580_000)  # fmt: skip


def headers() -> None:
    def with_header(first: int, more: bytes, payload: bytes, number: int) -> bytes:
        plain = rtp(payload, number, number * GAP, marker=True)
        return bytes((first,)) + plain[1:12] + more + plain[12:]

    packets = [
        with_header(0x91, b"srce\xbe\xde\0\1abcd", IDR, 0),
        with_header(0xA0, b"", P + b"\0\0\0\4", 1),
        rtp(b"noise", 2, 2 * GAP, kind=13),
        with_header(0x80, b"", P, 3),
        b"\x80\x60",
        with_header(0x40, b"", P, 4),
    ]
    pictures = [(0, 0, True, [IDR]), (GAP, GAP, False, [P]), (3 * GAP, 3 * GAP, False, [P])]
    case("headers", "a source and an extension, padding, another payload type, a packet too short, another version",
         packets, pictures)  # fmt: skip


def refused() -> None:
    case("refused-mode-2", "interleaved mode is announced", [], expect="StreamRefused",
         sdp=described(sets=()).replace("packetization-mode=1", "packetization-mode=2"))  # fmt: skip
    case("refused-interleaved", "a packet of interleaved mode comes all the same", film([[b"\x19\0\0\0\4" + IDR]]),
         expect="StreamRefused")  # fmt: skip
    case("refused-codec", "pictures that are not recorded", [], expect="StreamRefused", sdp=described("VP8", sets=()))
    case("refused-order-numbers", "H.265 with order numbers", [], expect="StreamRefused",
         sdp=described("H265", sets=(), more="sprop-max-don-diff=3"))  # fmt: skip
    case("refused-rate", "time counted in something else than 90 kHz", [], expect="StreamRefused",
         sdp=described().replace("/90000", "/1000"))  # fmt: skip
    case("bad-set", "a parameter set with the pictures that cannot be read", film([[b"\x67\x4d\0", IDR], [P]]),
         expect="FormatError")  # fmt: skip


def h265() -> None:
    sdp = described("H265", sets=(VPS, SPS5, PPS5))
    long = IDR5 + bytes(range(1, 60))

    def shown(*units: Sequence[Unit]) -> list[Shown]:
        return [((at + 2) * GAP, at * GAP, any(u[0] >> 1 in (19, 21) for u in us), us) for at, us in enumerate(units)]

    case("h265-units", "single units, an aggregation packet with the sets, fragments",
         film([[h265_together([VPS, SPS5, PPS5, IDR5])], [P5], h265_fragments(long, [5, 20]), [P5], [P5], [P5]]),
         shown([IDR5], [P5], [long], [P5], [P5], [P5]), sdp=described("H265", sets=()))  # fmt: skip
    above = bytes((P5[0], P5[1] | 8)) + P5[2:]
    case("h265-layers", "what belongs to a layer above the first is left out",
         film([[IDR5], [P5, above], [P5, *h265_fragments(above + long, [9])], [P5], [P5], [P5]]),
         shown([IDR5], [P5], [P5], [P5], [P5], [P5]), sdp=sdp)  # fmt: skip
    case("h265-across-a-hole", "behind a hole, pictures that look back across the keyframe are left out",
         without(film([[IDR5], [P5], [P5], [P5], [P5], [P5], [P5], [CRA5], [RASL5], [P5]]), 6),
         [*shown([IDR5], [P5], [P5], [P5], [P5], [P5]),
          (9 * GAP, 6 * GAP, True, [CRA5]), (11 * GAP, 7 * GAP, False, [P5])],
         sdp=sdp, lost=1, dropped=1)  # fmt: skip


def sound() -> None:
    hbr = "streamtype=5;mode=AAC-hbr;config=1408;SizeLength=13;IndexLength=3;IndexDeltaLength=3"
    one, two, long = b"\x21\x11first", b"\x21\x12second", b"\x21\x13" + bytes(range(200))

    def packet(number: int, later: int, *frames: bytes) -> bytes:
        heads = b"".join(struct.pack(">H", len(frame) << 3) for frame in frames)
        return rtp(struct.pack(">H", 8 * len(heads)) + heads + b"".join(frames), number, 500 + later * 1024, kind=97)

    pictures = film([[IDR], [P]])
    parts = [
        rtp(struct.pack(">HH", 16, len(long) << 3) + long[a:b], 2 + at, 500 + 3 * 1024, kind=97)
        for at, (a, b) in enumerate([(0, 90), (90, 150), (150, 202)])
    ]
    heard = [(2, packet(1, 0, one, two, one)), *((2, part) for part in parts)]
    # The first frame arrives 1 ms after the second picture.
    case("sound", "AAC: three frames in one packet, one in three; laid beside the pictures by its arrival",
         [*pictures, *heard], even([[IDR], [P]]), sdp=described(sound=hbr),
         sound=[[GAP + 90 + n * FRAME, frame.hex()] for n, frame in enumerate([one, two, one, long])])  # fmt: skip


PARTS: tuple[Callable[[], None], ...] = (h264_whole, ends, losses, times, headers, refused, h265, sound)
for part in PARTS:
    part()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for name, content in CASES.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
