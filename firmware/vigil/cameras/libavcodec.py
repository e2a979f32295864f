"""
The libavcodec that PyAV's wheel brings, without PyAV: what of it is used, and where it lies.

Importing PyAV loads all of FFmpeg and forty modules around it, 18 MiB; its
libavcodec alone is 5 (docs/performance.md). All that is used is public: the
functions of libavcodec/avcodec.h, codec_par.h and packet.h, of libavutil/frame.h,
imgutils.h, log.h, mem.h, opt.h and pixdesc.h, and of libswscale/swscale.h, and the
first fields of three structures, whose order changes with the major version
alone (FFmpeg's doc/APIchanges and libavutil/version.h). The tests compare what
is decoded through it with what PyAV decodes.
"""

from __future__ import annotations

import ctypes
import importlib.util
import logging
import threading
from collections.abc import Callable
from ctypes import POINTER, Structure, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_void_p
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

CHECKED = (62, 63)
"""The major versions of libavcodec with which the tests were run: those of FFmpeg 8 and 9."""

PADDING_BYTES = 64
"""AV_INPUT_BUFFER_PADDING_SIZE: zeros behind what a decoder reads, because it reads ahead."""

KEY = 1 << 1
"""AV_FRAME_FLAG_KEY"""

AREA = 1 << 5
"""SWS_AREA: a pixel is the mean of those it stands for."""

_QUIET = -8


class Frame(Structure):
    """AVFrame (libavutil/frame.h), from its beginning to `flags`."""

    _fields_ = [
        ("data", c_void_p * 8),
        ("linesize", c_int * 8),
        ("extended_data", c_void_p),
        ("width", c_int),
        ("height", c_int),
        ("nb_samples", c_int),
        ("format", c_int),
        ("pict_type", c_int),
        ("sample_aspect_ratio", c_int * 2),
        ("pts", c_int64),
        ("pkt_dts", c_int64),
        ("time_base", c_int * 2),
        ("quality", c_int),
        ("opaque", c_void_p),
        ("repeat_pict", c_int),
        ("sample_rate", c_int),
        ("buf", c_void_p * 8),
        ("extended_buf", c_void_p),
        ("nb_extended_buf", c_int),
        ("side_data", c_void_p),
        ("nb_side_data", c_int),
        ("flags", c_int),
    ]


class PacketOfBytes(Structure):
    """AVPacket (libavcodec/packet.h), from its beginning to `size`."""

    _fields_ = [("buf", c_void_p), ("pts", c_int64), ("dts", c_int64), ("data", c_void_p), ("size", c_int)]


class Parameters(Structure):
    """AVCodecParameters (libavcodec/codec_par.h), from its beginning to `extradata_size`."""

    _fields_ = [
        ("codec_type", c_int),
        ("codec_id", c_int),
        ("codec_tag", c_uint32),
        ("extradata", c_void_p),
        ("extradata_size", c_int),
    ]


class Library:
    """
    The functions of the FFmpeg that lies in `folder`, by their own names.

    Each leaves the interpreter's lock to others while it runs. Raises `OSError`
    where there is none, or one that was never checked.
    """

    def __init__(self, folder: Path) -> None:
        # What libavcodec needs itself, libavutil above all, is found through it.
        codec = _Functions(_loaded(folder, "libavcodec"))
        if (major := codec("avcodec_version", c_uint32)() >> 16) not in CHECKED:
            raise OSError(f"its libavcodec is version {major}; known are {' and '.join(map(str, CHECKED))}")
        frame, packet, parameters = POINTER(Frame), POINTER(PacketOfBytes), POINTER(Parameters)
        self.avcodec_find_decoder_by_name = codec("avcodec_find_decoder_by_name", c_void_p, c_char_p)
        self.avcodec_alloc_context3 = codec("avcodec_alloc_context3", c_void_p, c_void_p)
        self.avcodec_free_context = codec("avcodec_free_context", None, POINTER(c_void_p))
        self.avcodec_parameters_alloc = codec("avcodec_parameters_alloc", parameters)
        self.avcodec_parameters_free = codec("avcodec_parameters_free", None, POINTER(parameters))
        self.avcodec_parameters_from_context = codec("avcodec_parameters_from_context", c_int, parameters, c_void_p)
        self.avcodec_parameters_to_context = codec("avcodec_parameters_to_context", c_int, c_void_p, parameters)
        self.avcodec_open2 = codec("avcodec_open2", c_int, c_void_p, c_void_p, c_void_p)
        self.avcodec_send_packet = codec("avcodec_send_packet", c_int, c_void_p, packet)
        self.avcodec_receive_frame = codec("avcodec_receive_frame", c_int, c_void_p, frame)
        self.avcodec_flush_buffers = codec("avcodec_flush_buffers", None, c_void_p)
        self.av_packet_alloc = codec("av_packet_alloc", packet)
        self.av_packet_free = codec("av_packet_free", None, POINTER(packet))
        self.av_packet_unref = codec("av_packet_unref", None, packet)
        self.av_new_packet = codec("av_new_packet", c_int, packet, c_int)
        self.av_frame_alloc = codec("av_frame_alloc", frame)
        self.av_frame_free = codec("av_frame_free", None, POINTER(frame))
        self.av_frame_unref = codec("av_frame_unref", None, frame)
        self.av_frame_move_ref = codec("av_frame_move_ref", None, frame, frame)
        self.av_frame_get_buffer = codec("av_frame_get_buffer", c_int, frame, c_int)
        self.av_get_pix_fmt = codec("av_get_pix_fmt", c_int, c_char_p)
        self.av_get_pix_fmt_name = codec("av_get_pix_fmt_name", c_char_p, c_int)
        self.av_image_copy_plane = codec("av_image_copy_plane", None, c_char_p, c_int, c_void_p, c_int, c_int, c_int)
        self.av_mallocz = codec("av_mallocz", c_void_p, c_size_t)
        self.av_opt_set = codec("av_opt_set", c_int, c_void_p, c_char_p, c_char_p, c_int)
        # It would write to our standard error what it does not like about a camera. PyAV hears it all the same.
        codec("av_log_set_level", None, c_int)(_QUIET)
        scale = _Functions(_loaded(folder, "libswscale"))
        size = (c_int, c_int, c_int)
        self.sws_getCachedContext = scale(
            "sws_getCachedContext", c_void_p, c_void_p, *size, *size, c_int, c_void_p, c_void_p, c_void_p
        )
        self.sws_freeContext = scale("sws_freeContext", None, c_void_p)
        self.sws_scale = scale("sws_scale", c_int, c_void_p, c_void_p, c_void_p, c_int, c_int, c_void_p, c_void_p)


class _Functions:
    """Finds the functions of a library and tells ctypes what they take and return."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def __call__(self, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
        try:
            function = self._library[name]
        except AttributeError as error:
            raise OSError(f"its libraries lack {name}") from error
        function.restype, function.argtypes = result, arguments
        return function


def _loaded(folder: Path, name: str) -> ctypes.CDLL:
    found = sorted(folder.glob(f"{name}-*.so*"))
    if len(found) != 1:
        raise OSError(f"it brings no {name} of its own")
    return ctypes.CDLL(str(found[0]))


_lock = threading.Lock()
_found: list[Library | None] = []


def library() -> Library | None:
    """Return the library, loaded once; None where PyAV must be imported in its place, which is logged once."""
    with _lock:
        if not _found:
            _found.append(_search())
        return _found[0]


def _search() -> Library | None:
    installed = importlib.util.find_spec("av")
    if installed is None or installed.origin is None:
        return None
    try:
        return Library(Path(installed.origin).parents[1] / "av.libs")
    except OSError as error:
        log.info("pictures are decoded through PyAV, which takes 11 MiB more: %s", error)
        return None
