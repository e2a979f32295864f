"""
A small RTSP camera of our own that keeps the rules, so that tests can break one at a time.

Its pictures are no pictures: whole units that nobody decodes.
"""

from __future__ import annotations

import base64
import queue
import socket
import threading
from dataclasses import dataclass, field

from fakes.noise import Listener
from fakes.packets import H264
from fakes.rtp_packets import Sender, h264_fragments

PICTURES = 6
GAP_TICKS = 9000
SPS, PPS = H264.parameter_sets


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    uri: str
    headers: dict[str, str] = field(default_factory=dict)


class Camera(Listener):
    """
    Answers every request as it should; override one answer to be another camera.

    `heard` receives each request. After PLAY it sends `PICTURES` pictures and waits.
    """

    public = "OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, GET_PARAMETER"
    session = "12345678;timeout=60"
    encoding = "H264"
    channel = 0
    picture_bytes = 3000

    def __init__(self) -> None:
        self.heard: queue.Queue[Asked] = queue.Queue()
        self.client: socket.socket | None = None
        super().__init__()

    @property
    def url(self) -> str:
        """Return its address."""
        return f"rtsp://127.0.0.1:{self.port}/live"

    def handle(self, client: socket.socket) -> None:
        self.client = client
        rest = b""
        while True:
            while b"\r\n\r\n" not in rest:
                if not (data := client.recv(4096)):
                    return
                rest += data
            head, _, rest = rest.partition(b"\r\n\r\n")
            asked = self._read(head.decode())
            self.heard.put(asked)
            self.respond(client, asked)

    def _read(self, head: str) -> Asked:
        first, *lines = head.split("\r\n")
        method, uri, *_ = first.split(" ")
        return Asked(method, uri, dict(line.split(": ", 1) for line in lines))

    def respond(self, client: socket.socket, asked: Asked) -> None:
        """Answer one request, and begin to play where it says so."""
        if answer := self.answer(asked):
            client.sendall(answer)
        if asked.method == "PLAY":
            self.play(client)

    def answer(self, asked: Asked) -> bytes:
        """Return the answer to a request."""
        match asked.method:
            case "OPTIONS":
                return self.said(asked, f"Public: {self.public}")
            case "DESCRIBE":
                return self.description(asked)
            case "SETUP":
                return self.said(asked, f"Session: {self.session}", self.transport(asked))
            case "PLAY":
                return self.said(asked, "Session: 12345678", f"RTP-Info: url={self.url}/track1;seq=1;rtptime=0")
        return self.said(asked)

    def transport(self, asked: Asked) -> str:
        """Return the header that says which channels it will be."""
        return f"Transport: RTP/AVP/TCP;unicast;interleaved={self.channel}-{self.channel + 1}"

    def description(self, asked: Asked) -> bytes:
        """Return the answer to DESCRIBE."""
        return self.said(asked, f"Content-Base: {self.url}/", "Content-Type: application/sdp", body=self.sdp())

    def sdp(self, control: str = "track1") -> str:
        """Return what it has on offer."""
        sets = ",".join(base64.b64encode(one).decode() for one in (SPS, PPS))
        return "\r\n".join(
            ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=control:*", "m=video 0 RTP/AVP 96",
             f"a=rtpmap:96 {self.encoding}/90000", f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}",
             f"a=control:{control}", ""]
        )  # fmt: skip

    @staticmethod
    def said(asked: Asked, *headers: str, status: str = "200 OK", body: str = "") -> bytes:
        """Return an answer."""
        lines = [f"RTSP/1.0 {status}", f"CSeq: {asked.headers.get('CSeq', '')}", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", body]).encode()

    def play(self, client: socket.socket) -> None:
        """Send the pictures."""
        client.sendall(b"".join(self.packets()))

    def packets(self, first: int = 0) -> list[bytes]:
        """Return the packets of `PICTURES` pictures, of which so many were sent before, each in its frame."""
        sender = Sender()
        sender.skip(-(-self.picture_bytes // 1400) * first)
        packets = []
        for number in range(first, first + PICTURES):
            unit = (b"\x65\x88" if number == 0 else b"\x41\x9a") + bytes([number % 255 + 1]) * self.picture_bytes
            packets += sender.picture(h264_fragments(unit, range(1400, self.picture_bytes, 1400)), number * GAP_TICKS)
        return [self.framed(self.channel, packet) for packet in packets]

    @staticmethod
    def framed(channel: int, packet: bytes) -> bytes:
        """Return a packet as it goes over the connection of the talk."""
        return b"$" + bytes((channel,)) + len(packet).to_bytes(2, "big") + packet

    def send_more(self) -> None:
        """Send the pictures that follow those of `play`."""
        assert self.client is not None
        self.client.sendall(b"".join(self.packets(PICTURES)))

    def hang_up(self) -> None:
        """Close the connection properly."""
        assert self.client is not None
        self.client.shutdown(socket.SHUT_RDWR)

    def wait_for(self, method: str, *, timeout_s: float = 10.0) -> Asked:
        """Return the next request of this kind, forgetting those before it."""
        while (asked := self.heard.get(timeout=timeout_s)).method != method:
            pass
        return asked


class Shy(Camera):
    """Wants a password, by Digest, with a nonce that it changes after so many requests."""

    uses = 1 << 30
    stale = True

    def __init__(self) -> None:
        self.nonces = 0
        self.used = 0
        super().__init__()

    def respond(self, client: socket.socket, asked: Asked) -> None:
        nonce = f'nonce="{self.nonces}"'
        self.used += 1
        if nonce in asked.headers.get("Authorization", "") and self.used <= self.uses:
            super().respond(client, asked)
            return
        self.nonces += 1
        self.used = 0
        stale = ", stale=TRUE" if self.stale and "Authorization" in asked.headers else ""
        challenge = f'WWW-Authenticate: Digest realm="cam", nonce="{self.nonces}"{stale}'
        client.sendall(self.said(asked, challenge, status="401 Unauthorized"))


class Elsewhere(Camera):
    """Sends whoever asks to another camera."""

    def __init__(self, to: str) -> None:
        self._to = to
        super().__init__()

    def answer(self, asked: Asked) -> bytes:
        if asked.method == "DESCRIBE":
            return f"RTSP/1.0 302 Moved Temporarily\r\nLocation: {self._to}\r\n\r\n".encode()
        return super().answer(asked)


class Boaster(Camera):
    """Names what it then refuses, by the number of the question before (retina issue 136: Tapo C220)."""

    refusal = "400 Bad Request"

    def answer(self, asked: Asked) -> bytes:
        if asked.method == "GET_PARAMETER":
            before = {**asked.headers, "CSeq": str(int(asked.headers["CSeq"]) - 1)}
            return self.said(Asked(asked.method, asked.uri, before), status=self.refusal)
        return super().answer(asked)


def patience() -> None:
    """Let the other side do something."""
    threading.Event().wait(0.002)
