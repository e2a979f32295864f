"""
What comes over a network camera's connection, taken apart: answers, requests, and the packets in between. Pure.

RFC 2326 says how it should look. Cameras end lines as they like, count their
own words wrongly and leave scraps between packets. What is meant is read all
the same, within bounds; the rest is skipped until the stream makes sense again.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from vigil.errors import FormatError

BUFFER_BYTES = 256 * 1024
"""As much is read in one go. It holds the longest packet and what must follow it to be believed."""

MOST_HEAD = 16 * 1024
MOST_BODY = 96 * 1024
"""The longest description known from the field is a little over 4 KiB (mediamtx issue 136)."""

MOST_JUNK = 256 * 1024
"""So much in a row that makes no sense is no camera."""

_DOLLAR = 0x24
_HEAD = 4  # of a packet: dollar, channel, length
_START = 24  # enough to tell a first line by

_ANSWER = re.compile(rb"(?:RTSP|HTTP)/\d\.\d \d{3}", re.IGNORECASE)
_ASKED = re.compile(rb"[A-Z_]{3,16} (?:rtsps?:|\*|/)")
_HALF = re.compile(rb"[A-Za-z_]{1,16}(?:/[\d. ]*| [a-z*:]*)?")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CANDIDATE = re.compile(rb"\$|(?:RTSP|HTTP)/\d\.\d \d{3}", re.IGNORECASE)
_TEXT = re.compile(rb"[\t\r\n -#%-~]*?(?=RTSP/|[^\t\r\n -#%-~]|\Z)")

Frame = tuple[int, bytes]
"""A packet's channel, and the packet."""


@dataclass(frozen=True, slots=True)
class Message:
    """An answer (with its `status`) or a request (with its `method`). Names of headers are in lower case."""

    status: int
    words: str
    method: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def get(self, name: str) -> str:
        """Return the first header of this name, empty where there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        """Return every header of this name, in order."""
        return [value for key, value in self.headers if key == name]


class Wire:
    """
    What one connection sends: put it into `room`, then say with `received` how much came.

    Reading raises `FormatError` where it is no RTSP. `junk` counts the bytes skipped.
    """

    def __init__(self, size: int = BUFFER_BYTES) -> None:
        self._buffer = bytearray(size)
        self._view = memoryview(self._buffer)
        self._at = self._end = 0
        self._lost = False
        self._junk_in_a_row = 0
        self._channels: Collection[int] | None = None
        self.junk = 0

    def expect(self, channels: Collection[int]) -> None:
        """Say which channels were agreed upon: after junk, packets of others are not believed."""
        self._channels = frozenset(channels)

    def room(self) -> memoryview:
        """Return where to put what comes next."""
        left = self._end - self._at
        if self._at:
            self._view[:left] = self._view[self._at : self._end]
            self._at, self._end = 0, left
        return self._view[left:]

    @property
    def waiting(self) -> bool:
        """Whether something has begun that is not whole."""
        return self._at < self._end

    def received(self, size: int) -> tuple[list[Frame], list[Message]]:
        """Take `size` new bytes; return what is whole, each kind in its order."""
        self._end += size
        return self._read(settled=False)

    def settle(self) -> tuple[list[Frame], list[Message]]:
        """Nothing has come for a while: an answer with less of a body than it promised is whole, too."""
        return self._read(settled=True)

    def _read(self, *, settled: bool) -> tuple[list[Frame], list[Message]]:
        frames: list[Frame] = []
        messages: list[Message] = []
        buffer, view, end, at = self._buffer, self._view, self._end, self._at
        while at < end:
            if self._lost:
                at = self._sought(at)
                if self._lost:
                    break
            elif buffer[at] == _DOLLAR:
                body = at + _HEAD
                if body >= end:
                    break
                stop = body + (buffer[at + 2] << 8 | buffer[at + 3])
                # All of RTP and RTCP begins with version 2.
                if stop > body and buffer[body] >> 6 != 2:
                    self._lost = True
                    continue
                if stop > end:
                    break
                frames.append((buffer[at + 1], bytes(view[body:stop])))
                at = stop
            else:
                after = self._text(at, messages, settled=settled)
                if after is None:
                    break
                at = after
        if frames or messages:
            self._junk_in_a_row = 0
        self._at = at
        return frames, messages

    def _text(self, at: int, messages: list[Message], *, settled: bool) -> int | None:
        """Return where the message that begins here ends, or None while it is not whole."""
        buffer, end = self._buffer, self._end
        if buffer[at] in b"\r\n\0 ":
            return at + 1
        if not (_ANSWER.match(buffer, at, end) or _ASKED.match(buffer, at, end)):
            if end - at < _START and _HALF.fullmatch(buffer, at, end) and not settled:
                return None
            self._lost = True
            return at
        head = _HEAD_END.search(buffer, at, min(end, at + MOST_HEAD))
        if head is None:
            self._lost = end - at >= MOST_HEAD
            return at + 1 if self._lost else None
        message = _message(bytes(self._view[at : head.start()]))
        stop = self._body_end(message, head.end(), settled=settled)
        if stop is None:
            return None
        body = bytes(self._view[head.end() : stop])
        messages.append(Message(message.status, message.words, message.method, message.headers, body))
        return stop

    def _body_end(self, message: Message, begin: int, *, settled: bool) -> int | None:
        told = message.get("content-length")
        size = int(told) if told.isascii() and told.isdigit() and len(told) < 9 else None
        if size is not None and size > MOST_BODY:
            raise FormatError(f"an answer of {size} bytes is longer than any camera's")
        description = "sdp" in message.get("content-type").lower()
        if not settled and (begin + (size or 0) > self._end or (description and size is None)):
            return None
        stop = min(self._end, begin + (size or 0))
        if description and self._channels is None:
            # Nothing is on its way before we ask for it, so what follows a description is the rest of it.
            rest = _TEXT.match(self._buffer, stop, min(self._end, begin + MOST_BODY))
            stop = rest.end() if rest else stop
        return stop

    def _sought(self, at: int) -> int:
        """Return where the stream may make sense again; it does where we are not `_lost` any more."""
        begin, stop = at + 1, max(at, self._end - 11)  # the candidate's length, less one
        while found := _CANDIDATE.search(self._buffer, begin, self._end):
            stop, begin = found.start(), found.start() + 1
            believed = self._believed(stop)
            if believed is not False:
                self._lost = believed is None
                break
            stop = max(begin, self._end - 11)
        self.junk += stop - at
        self._junk_in_a_row += stop - at
        if self._junk_in_a_row > MOST_JUNK:
            raise FormatError("nothing but garbage comes")
        return stop

    def _believed(self, at: int) -> bool | None:
        """Say whether a packet or an answer begins here; None: that is not to be told yet."""
        buffer, end = self._buffer, self._end
        if buffer[at] != _DOLLAR:
            return True
        if end - at <= _HEAD:
            return None
        size = buffer[at + 2] << 8 | buffer[at + 3]
        if self._channels is not None and buffer[at + 1] not in self._channels:
            return False
        if size < 8 or buffer[at + _HEAD] >> 6 != 2:
            return False
        stop = at + _HEAD + size
        return None if stop >= end else buffer[stop] in b"$R\r"


def _message(head: bytes) -> Message:
    first, *lines = head.decode("latin-1").replace("\r\n", "\n").split("\n")
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if line[:1] in " \t" and headers:
            headers[-1] = headers[-1][0], f"{headers[-1][1]} {line.strip()}"
        elif colon:
            headers.append((name.strip().lower(), value.strip()))
    word, _, rest = first.partition(" ")
    if "/" in word:
        return Message(int(rest[:3]), rest[3:].strip(), "", tuple(headers), b"")
    return Message(0, "", word, tuple(headers), b"")
