"""FFmpeg's libavcodec without PyAV: where it is found, what happens where it is not, and what it loads."""

import _ctypes
import ctypes
import logging
import subprocess
import sys

import pytest

from fakes.decoders import alone, record, through_pyav
from fakes.mp4_sources import film, packets_of, pictures
from fakes.repository import PACKAGE
from vigil.cameras import decoder, libavcodec
from vigil.cameras.decoder import open_decoder
from vigil.cameras.libavcodec import CHECKED, Frame, Library, library

# Decodes a film with nothing at hand that knows PyAV, then garbage; says what was loaded for it.
PROGRAM = f"""
import sys
from pathlib import Path
from vigil.cameras.film import Mp4Film
from vigil.cameras.luma import Eye, PacketEye
from vigil.cameras.source import Wishes
from vigil.segments.mp4_file import Mp4File
packets = list(Mp4Film(Path({str(film("plain"))!r}), Mp4File).packets())
wishes = Wishes(luma=True, luma_fps=1000, luma_width=96)
eyes = Eye(wishes), PacketEye(wishes)
eyes[0].prepare()
print(sum(bool(eye.look(packet)) for eye in eyes for packet in packets))
from vigil.cameras.decoder import open_decoder
broken = open_decoder(packets[0].codec, b"")
print(sum(broken.decode(bytes([0, 0, 1, number, 7, 8, 9]) * 50) for number in range(256)))
print(sorted({{"av", "numpy", "cv2"}} & set(sys.modules)))
"""

# Ends while threads that nobody waits for are decoding, as a recorder does whose small streams go on.
ENDING = f"""
import threading
from pathlib import Path
from vigil.cameras.decoder import open_decoder
from vigil.cameras.film import Mp4Film
from vigil.frames.decoder_config import avcc
from vigil.segments.mp4_file import Mp4File
first, *_ = Mp4Film(Path({str(film("plain"))!r}), Mp4File).packets()
begun = threading.Barrier(9)
def decode(decoder):
    decoder.decode(first.data, alone=True)
    begun.wait()
    while True:
        decoder.decode(first.data, alone=True)
for _ in range(8):
    threading.Thread(target=decode, args=[open_decoder(first.codec, avcc(first.codec))], daemon=True).start()
begun.wait()
"""


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True
    )


def plain():
    return pictures(packets_of("plain"))[0]


@pytest.fixture
def unknown(monkeypatch):
    """Nobody has looked for a library yet."""
    monkeypatch.setattr(libavcodec, "_found", [])


def test_decoding_loads_neither_pyav_nor_numpy_and_writes_nothing():
    if library() is None:
        pytest.skip("PyAV brings no libavcodec of a known version here")

    done = run(PROGRAM)

    assert done.stderr == ""
    assert done.stdout.split("\n", 2) == ["78", "0", "[]\n"]


def test_a_frame_of_the_library_lies_in_memory_as_ours_says():
    """PyAV knows the layout from FFmpeg's own headers: the tests of the decoder compare what both read from it."""
    found = library()
    if found is None:
        pytest.skip("PyAV brings no libavcodec of a known version here")
    frame = found.av_frame_alloc()

    # It points at its own planes, and has no format yet.
    assert frame.contents.extended_data == ctypes.addressof(frame.contents)
    assert (frame.contents.format, frame.contents.width, frame.contents.flags) == (-1, 0, 0)
    assert Frame.flags.offset == 276

    found.av_frame_free(ctypes.byref(frame))
    assert not frame


def test_what_pyav_brings_is_known():
    """Fails when the lock brings a new FFmpeg: look at the headers named in libavcodec.py, then add its number."""
    import av

    assert av.library_versions["libavcodec"][0] in CHECKED


def test_a_version_nobody_looked_at_is_left_alone(monkeypatch, unknown, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(libavcodec, "CHECKED", (9, 10))

    assert library() is None
    assert library() is None

    (told,) = caplog.messages
    assert "pictures are decoded through PyAV" in told
    assert "known are 9 and 10" in told


def test_where_pyav_uses_the_systems_libraries_they_are_left_to_it(monkeypatch, unknown, caplog, tmp_path):
    caplog.set_level(logging.INFO)
    (tmp_path / "av").mkdir()
    (tmp_path / "av/__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "av", raising=False)

    assert library() is None

    assert caplog.messages == [
        "pictures are decoded through PyAV, which takes 11 MiB more: it brings no libavcodec of its own"
    ]


def test_libraries_without_what_is_needed_are_left_alone(tmp_path):
    (tmp_path / "libavcodec-00.so.62").symlink_to(_ctypes.__file__)

    with pytest.raises(OSError, match="lack"):
        Library(tmp_path)


def test_without_it_pyav_decodes(monkeypatch):
    monkeypatch.setattr(decoder, "library", lambda: None)
    decoder.load()

    opened = open_decoder(plain().codec, record(plain().codec))

    assert type(opened) is type(through_pyav("h264", b""))
    assert opened.decode(plain().data)


def test_with_it_pyav_is_not_asked():
    opened = open_decoder(plain().codec, record(plain().codec))

    assert type(opened) is type(alone("h264", b""))
    assert opened.decode(plain().data)


def test_a_process_may_end_while_it_decodes():
    for _ in range(5):
        done = run(ENDING)

        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
