"""
The talk with a network camera: what to ask next, and what its answers mean. Pure: bytes to send out, messages in.

OPTIONS, DESCRIBE, SETUP for each stream, PLAY; then a sign of life now and
then (RFC 2326). All of it goes over the one connection, the pictures too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from vigil.cameras.rtsp_auth import Credentials, Speaker
from vigil.cameras.rtsp_wire import Message
from vigil.cameras.sdp import Media, read_sdp
from vigil.errors import CameraLost, FormatError, StreamRefused

RECORDED = ("H264", "H265")
"""Encodings of pictures that this client takes apart by itself, as descriptions call them."""

DEFAULT_TIMEOUT_S = 60
"""How long a session lives without a sign of life where the camera does not say (RFC 2326, 12.37)."""

_CHANNELS = re.compile(r"interleaved\s*=\s*(\d{1,3})")
_BEGAN = re.compile(r"rtptime\s*=\s*(\d{1,10})")
_TIMEOUT = re.compile(r"timeout\s*=\s*(\d{1,6})")
_ODD_WORDS = re.compile(r"[^ -~]")


class Moved(Exception):
    """The camera wants to be asked at another address."""

    def __init__(self, address: str) -> None:
        super().__init__("moved")
        self.address = address


@dataclass(slots=True)
class Track:
    """
    A stream that was agreed upon, and the channel its packets come on; its RTCP comes on the next.

    `began` is the RTP timestamp at which the camera said that it begins.
    """

    media: Media
    channel: int
    began: int | None = None


class Dialogue:
    """
    One session, from the first question to the last.

    `address` holds no password. `called` is the camera's name in messages.
    Send what `begin` returns, give `hear` every message that comes, and send
    what it returns. Raises `CameraLost` (`StreamRefused` where FFmpeg
    may know the pictures) or `Moved`.
    """

    def __init__(
        self,
        address: str,
        credentials: Credentials | None,
        *,
        called: str,
        audio: bool,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._address = self._control = address
        self._speaker = Speaker(credentials, random_bytes)
        self._called = called
        self._audio = audio
        self._method, self._uri = "OPTIONS", address
        self._more: tuple[str, ...] = ()
        self._count = 0
        self._session = ""
        self._public = ""
        self._wanted: list[Media] = []
        self.tracks: list[Track] = []
        self.playing = False
        self.timeout_s = DEFAULT_TIMEOUT_S
        self.last_refusal = ""
        """What the camera last said no to while it was playing."""

    def begin(self) -> bytes:
        """Return the first question."""
        return self._ask("OPTIONS", self._address)

    def hear(self, message: Message) -> bytes:
        """Take a message; return what to send now, which may be nothing."""
        if message.method:
            return self._asked(message)
        if message.status < 200:
            return b""
        if message.status == 401 and self._speaker.refused(message.all("www-authenticate")):
            return self._ask(self._method, self._uri, *self._more)
        if self.playing:
            return self._kept_alive(message)
        if 300 <= message.status < 400 and message.get("location"):
            raise Moved(message.get("location"))
        step = {"OPTIONS": self._options, "DESCRIBE": self._described, "SETUP": self._set_up, "PLAY": self._plays}
        return step[self._method](message)

    def sign_of_life(self) -> bytes:
        """Return what to send well before `timeout_s` has passed without anything sent."""
        return self._ask("GET_PARAMETER" if "GET_PARAMETER" in self._public else "OPTIONS", self._control)

    def end(self) -> bytes:
        """Return the farewell."""
        return self._ask("TEARDOWN", self._control)

    def _ask(self, method: str, uri: str, *more: str) -> bytes:
        self._method, self._uri, self._more = method, uri, more
        self._count += 1
        lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {self._count}", "User-Agent: Vigil", *more]
        if self._session:
            lines.append(f"Session: {self._session}")
        if said := self._speaker.header(method, uri):
            lines.append(f"Authorization: {said}")
        return "\r\n".join([*lines, "", ""]).encode()

    def _options(self, answer: Message) -> bytes:
        # Those who do not know the question may well know the answer to the next.
        if answer.status != 401:
            self._public = answer.get("public").upper()
            return self._ask("DESCRIBE", self._address, "Accept: application/sdp")
        raise CameraLost(self._refusal(answer))

    def _described(self, answer: Message) -> bytes:
        self._or_lost(answer)
        bases = answer.get("content-base"), answer.get("content-location"), self._address
        base = next(filter(_whole, bases), self._address)
        try:
            offer = read_sdp(answer.body, base)
        except FormatError as error:
            raise CameraLost(f"{self._called} describes its streams wrongly: {error}") from error
        self._control = offer.control
        videos = [one for one in offer.media if one.kind == "video"]
        if not videos:
            raise CameraLost(f"{self._called} has no pictures")
        chosen = next((one for one in videos if one.encoding in RECORDED), None)
        if chosen is None:
            raise StreamRefused(f"{self._called} has pictures in {_plain(videos[0].encoding)}")
        self._wanted = [chosen, *[one for one in offer.media if one.kind == "audio"][: int(self._audio)]]
        return self._next_set_up()

    def _next_set_up(self) -> bytes:
        channel = 2 * len(self.tracks)
        transport = f"Transport: RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        return self._ask("SETUP", self._wanted[0].control_url, transport)

    def _set_up(self, answer: Message) -> bytes:
        media = self._wanted.pop(0)
        transport = answer.get("transport").lower()
        if answer.status >= 300:
            # Without sound there still are pictures.
            if not self.tracks:
                self._or_lost(answer)
        elif "interleaved" not in transport and ("client_port" in transport or "multicast" in transport):
            raise CameraLost(f"{self._called} sends over UDP only: set it to RTSP over TCP")
        else:
            told = _CHANNELS.search(transport)
            self.tracks.append(Track(media, int(told.group(1)) if told else 2 * len(self.tracks)))
        self._session = self._session or answer.get("session").partition(";")[0].strip()
        if told := _TIMEOUT.search(answer.get("session")):
            self.timeout_s = max(2, int(told.group(1))) if int(told.group(1)) else DEFAULT_TIMEOUT_S
        if self._wanted:
            return self._next_set_up()
        return self._ask("PLAY", self._control, "Range: npt=0.000-")

    def _plays(self, answer: Message) -> bytes:
        self._or_lost(answer)
        self.playing = True
        # One part for each stream, in the order they were set up unless their addresses say otherwise.
        parts = [part for part in answer.get("rtp-info").split(",") if "url" in part]
        for number, track in enumerate(self.tracks):
            own = [part for part in parts if _last(track.media.control_url) == _last(part.partition(";")[0])]
            part = own[0] if len(own) == 1 else parts[number] if len(parts) == len(self.tracks) else ""
            if told := _BEGAN.search(part):
                track.began = int(told.group(1)) & 0xFFFFFFFF
        return b""

    def _kept_alive(self, answer: Message) -> bytes:
        """An answer that comes while it plays. Cameras refuse signs of life and play on, so nothing is lost by a no."""
        if answer.status < 300:
            return b""
        self.last_refusal = f"{answer.status} {_plain(answer.words)}".strip()
        if self._method == "GET_PARAMETER":
            # Some say they know it, and do not (retina issue 136).
            self._public = ""
            return self.sign_of_life()
        return b""

    def _asked(self, message: Message) -> bytes:
        if message.method in ("TEARDOWN", "REDIRECT"):
            raise CameraLost(f"{self._called} ended the stream")
        known = message.method in ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE")
        said = "200 OK" if known else "501 Not Implemented"
        count = "".join(c for c in message.get("cseq") if c.isdigit())[:9]
        return f"RTSP/1.0 {said}\r\nCSeq: {count}\r\n\r\n".encode()

    def _or_lost(self, answer: Message) -> None:
        if answer.status >= 300:
            raise CameraLost(self._refusal(answer))

    def _refusal(self, answer: Message) -> str:
        match answer.status:
            case 401 | 403:
                return f"{self._called} refuses the user name or the password"
            case 404 | 454 if self._method != "SETUP":
                return f"{self._called} is not there: the camera knows no stream of this name"
            case 461:
                return f"{self._called} sends over UDP only: set it to RTSP over TCP"
            case 453 | 503:
                return f"{self._called} has no room for another viewer: close others, or allow more in the camera"
        words = _plain(answer.words)
        return f"{self._called} answers {self._method} with {answer.status}{' ' if words else ''}{words}"


def _whole(address: str) -> bool:
    """Say whether an address can stand alone."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("rtsp", "rtsps") and bool(parts.netloc)


def _last(address: str) -> str:
    return address.strip().rstrip("/").rpartition("/")[2]


def _plain(words: str) -> str:
    return _ODD_WORDS.sub("", words)[:60]
