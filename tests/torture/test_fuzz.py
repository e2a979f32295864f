"""
The parsers under atheris: every byte sequence is read whole, or refused in the parser's own words.

Each is fuzzed for VIGIL_TORTURE_S seconds (1800 unless told otherwise). What a
run has found is kept in the cache, and is where the next one begins.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes import quirky_rtsp
from fakes.mp4_segments import record
from fakes.mp4_sources import codecs, film, packets_of
from fakes.repository import ROOT
from fakes.rtp_vectors import CASES as RTP_CASES
from vigil.config.model import Camera, Config
from vigil.config.write import written
from vigil.events import KINDS
from vigil.processes.packets import encode
from vigil.segments.last_known import LastKnown, write_last_known
from vigil.segments.session import Session

SCRIPTS = {path.stem.removeprefix("fuzz_"): path for path in sorted(Path(__file__).parent.glob("fuzz_*.py"))}
VECTORS = ROOT / "tests/vectors"
SECONDS = int(os.environ.get("VIGIL_TORTURE_S", "1800"))
LONGEST_BYTES = 8192

pytestmark = [pytest.mark.torture, pytest.mark.timeout(SECONDS + 300)]


def files_of(*patterns: str) -> Iterator[bytes]:
    for pattern in patterns:
        for path in sorted(VECTORS.glob(pattern)):
            yield path.read_bytes()


def statements_and_notes() -> Iterator[bytes]:
    yield from files_of("note/*")
    for sidecar in files_of("segment/*/**/*.seal"):
        yield from sidecar.splitlines()[:20]


def movies() -> Iterator[bytes]:
    for name in ("sound", "h265"):
        yield record(packets_of(name)[:12])[0].data
        yield film(name).read_bytes()


def configurations() -> Iterator[bytes]:
    yield written(Config())
    yield written(Config(cameras=tuple(Camera(id=f"c{n}", source="synthetic") for n in range(3))))


def messages() -> Iterator[bytes]:
    for kind in KINDS.values():
        values = {name: {"str": "x", "int": 1, "float": 1.5, "bool": True}.get(str(hint)) for name, hint in hints(kind)}
        yield encode(kind(**{name: value for name, value in values.items() if value is not None}))
    yield b'{"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","peer":"record@gate","clock":"synced"}'
    yield write_last_known(LastKnown("00d1ce0fca3e5a11", "schema = 1", "", ""), Session(bytes))


def hints(kind: type) -> Iterator[tuple[str, object]]:
    yield from getattr(kind, "__annotations__", {}).items()


def pictures() -> Iterator[bytes]:
    for name in ("plain", "h265", "interlaced"):
        packets = packets_of(name)
        yield packets[0].data
        video, _ = codecs(packets)
        yield b"".join(b"\0\0\0\1" + one for one in video.parameter_sets)


def talks() -> Iterator[bytes]:
    """All that a camera says, from the first answer to the pictures, behind the size of its pieces."""
    camera = quirky_rtsp.Camera.__new__(quirky_rtsp.Camera)
    camera.port = 554
    asked = [
        quirky_rtsp.Asked(method, camera.url, {"CSeq": "1"}) for method in ("OPTIONS", "DESCRIBE", "SETUP", "PLAY")
    ]
    said = b"".join(camera.answer(one) for one in asked)
    yield b"\xff" + said + b"".join(camera.packets())[:3000]
    yield b"\x07" + said.replace(b"200 OK", b'401 No\r\nWWW-Authenticate: Digest realm="a", nonce="b", qop="auth"', 1)
    yield b"\x30" + said.replace(b"Content-Length", b"X-Length")


def cameras() -> Iterator[bytes]:
    for vector in RTP_CASES.values():
        packets = [(channel, bytes.fromhex(data)) for channel, _, data in vector["packets"]]
        sent = b"".join(bytes((channel,)) + len(data).to_bytes(2, "big") + data for channel, data in packets)
        yield vector["sdp"].encode() + b"\0" + sent


SEEDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "age": lambda: files_of("segment/*/**/*.age"),
    "config": configurations,
    "hub": messages,
    "mp4": movies,
    "note": statements_and_notes,
    "rtp": cameras,
    "rtsp": talks,
    "sidecar": lambda: files_of("segment/*/**/*.seal"),
    "stream": pictures,
}


def test_every_parser_has_something_to_begin_with():
    assert SEEDS.keys() == SCRIPTS.keys()
    assert all(any(seeds()) for seeds in SEEDS.values())


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="there is no atheris for this machine")
@pytest.mark.parametrize("parser", SCRIPTS)
def test_a_parser_raises_nothing_but_its_own_errors(parser: str, tmp_path: Path):
    found = Path(os.environ.get("VIGIL_CACHE", "") or Path.home() / ".cache/vigil") / "fuzz" / parser
    found.mkdir(parents=True, exist_ok=True)
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for seed in SEEDS[parser]():
        (seeds / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed[:LONGEST_BYTES])

    done = subprocess.run(
        [sys.executable, SCRIPTS[parser], f"-max_total_time={SECONDS}", f"-max_len={LONGEST_BYTES}", found, seeds],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "firmware"), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-4000:]
