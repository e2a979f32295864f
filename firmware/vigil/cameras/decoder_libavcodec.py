"""Decoding to grey with FFmpeg's libavcodec and nothing around it: what looking for motion on a small stream takes."""

from __future__ import annotations

import ctypes
import weakref
from ctypes import byref, c_char, c_void_p
from typing import Any

from vigil.cameras.grey import Grey, brightness_format, grey_size
from vigil.cameras.libavcodec import AREA, KEY, PADDING_BYTES, Frame, Library

_SPARING = ((b"threads", b"1"), (b"skip_loop_filter", b"all"))
"""Smoothing the edges of blocks costs a third of decoding, and block sums do not see it."""

_NO_MORE = (-11, -int.from_bytes(b"EOF ", "little"))
"""AVERROR(EAGAIN), AVERROR_EOF: not before the next packet, and not before the decoder begins anew."""


class LibavcodecDecoder:
    """
    The `Decoder` that FFmpeg calls `name`; `extradata` is what it must know before the first picture.

    One thread at a time may use it. What it holds lies outside Python's memory, and is
    given back by `close`, or with the last reference to it.
    """

    def __init__(self, library: Library, name: str, extradata: bytes) -> None:
        self._library = library
        self._context = c_void_p(_opened(library, name, extradata))
        self._packet = library.av_packet_alloc()
        self._next, self._newest, self._small = (library.av_frame_alloc() for _ in range(3))
        self._scaler = c_void_p()
        self._free = weakref.finalize(
            self, _free, library, self._context, self._packet, (self._next, self._newest, self._small), self._scaler
        )
        # When the interpreter ends, a thread may still be decoding; then the kernel takes all of it.
        self._free.atexit = False

    def decode(self, data: bytes, *, alone: bool = False) -> bool:
        library = self._library
        library.av_frame_unref(self._newest)
        if not self._context or not data:
            return False
        well = self._send(data) and self._receive()
        if well and alone:
            well = library.avcodec_send_packet(self._context, None) >= 0 and self._receive()
        if alone or not well:
            library.avcodec_flush_buffers(self._context)
        return bool(self._newest.contents.data[0])

    def grey(self, at_most: int) -> Grey | None:
        library, frame = self._library, self._newest.contents
        if not frame.data[0]:
            return None
        width, height = grey_size(frame.width, frame.height, at_most=at_most)
        form = brightness_format((library.av_get_pix_fmt_name(frame.format) or b"").decode())
        picture: Frame | None = frame
        if form != "gray" or (width, height) != (frame.width, frame.height):
            picture = self._shrunk(width, height, form)
        seen = None
        if picture is not None:
            pixels = bytearray(width * height)
            into = (c_char * len(pixels)).from_buffer(pixels)
            library.av_image_copy_plane(into, width, picture.data[0], picture.linesize[0], width, height)
            seen = Grey(pixels, width, height, key=bool(frame.flags & KEY))
        library.av_frame_unref(self._newest)
        return seen

    def close(self) -> None:
        self._free()

    def _send(self, data: bytes) -> bool:
        library, packet = self._library, self._packet
        if library.av_new_packet(packet, len(data)) < 0:
            return False
        ctypes.memmove(packet.contents.data, data, len(data))
        taken: int = library.avcodec_send_packet(self._context, packet)
        library.av_packet_unref(packet)
        return taken >= 0

    def _receive(self) -> bool:
        """Take all pictures that are complete, and keep the newest; return whether nothing went wrong."""
        library = self._library
        while (result := library.avcodec_receive_frame(self._context, self._next)) >= 0:
            library.av_frame_unref(self._newest)
            library.av_frame_move_ref(self._newest, self._next)
        return result in _NO_MORE

    def _shrunk(self, width: int, height: int, form: str) -> Frame | None:
        """
        Return the newest picture in grey and of another size.

        Where its first plane is brightness, that is read as a grey picture of
        its own: colours, and what their range is, play no part.
        """
        library, frame, small = self._library, self._newest.contents, self._small.contents
        gray = library.av_get_pix_fmt(b"gray")
        source = library.av_get_pix_fmt(form.encode()) if form else frame.format
        if (small.width, small.height) != (width, height):
            library.av_frame_unref(self._small)
            small.width, small.height, small.format = width, height, gray
            if library.av_frame_get_buffer(self._small, 0) < 0:
                library.av_frame_unref(self._small)
                return None
        self._scaler.value = library.sws_getCachedContext(
            self._scaler, frame.width, frame.height, source, width, height, gray, AREA, None, None, None
        )
        if not self._scaler:
            return None
        scaled = library.sws_scale(
            self._scaler, byref(frame, Frame.data.offset), byref(frame, Frame.linesize.offset), 0, frame.height,
            byref(small, Frame.data.offset), byref(small, Frame.linesize.offset),
        )  # fmt: skip
        return small if scaled == height else None


def _opened(library: Library, name: str, extradata: bytes) -> int | None:
    """Return an open AVCodecContext, None where this FFmpeg has no such decoder or cannot begin with `extradata`."""
    codec = library.avcodec_find_decoder_by_name(name.encode())
    context = c_void_p(library.avcodec_alloc_context3(codec) if codec else None)
    if not context:
        return None
    for option, value in _SPARING:
        library.av_opt_set(context, option, value, 0)
    if _told(library, context, extradata) and library.avcodec_open2(context, codec, None) >= 0:
        return context.value
    library.avcodec_free_context(byref(context))
    return None


def _told(library: Library, context: c_void_p, extradata: bytes) -> bool:
    """Have the context know `extradata`, of which it makes a copy of its own."""
    parameters = library.avcodec_parameters_alloc()
    well = bool(library.avcodec_parameters_from_context(parameters, context) >= 0)
    if well and (room := library.av_mallocz(len(extradata) + PADDING_BYTES)):
        ctypes.memmove(room, extradata, len(extradata))
        parameters.contents.extradata, parameters.contents.extradata_size = room, len(extradata)
        well = bool(library.avcodec_parameters_to_context(context, parameters) >= 0)
    library.avcodec_parameters_free(byref(parameters))
    return well


def _free(library: Library, context: c_void_p, packet: Any, frames: tuple[Any, ...], scaler: c_void_p) -> None:
    for frame in frames:
        library.av_frame_free(byref(frame))
    library.av_packet_free(byref(packet))
    library.avcodec_free_context(byref(context))
    library.sws_freeContext(scaler)
