"""The fewest words that make an RTSP server send a stream to its end over one connection, kept as it came."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass, field

from vigil.cameras.rtcp import read_rtcp
from vigil.cameras.sdp import Presentation, read_sdp


@dataclass
class Came:
    """What a server said and sent: packets as (channel, packet, steady time in microseconds)."""

    presentation: Presentation
    packets: list[tuple[int, bytes, int]] = field(default_factory=list)
    rtptimes: list[int] = field(default_factory=list)


def received(url: str) -> Came:
    """Take all streams of an address until the server says goodbye on each; stream n comes on channel 2n."""
    host, port = url.split("/")[2].split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        talk = _Talk(connection)
        head, body = talk.ask("DESCRIBE", url, "Accept: application/sdp")
        base = re.search(r"(?im)^content-base: *(\S+)", head)
        came = Came(read_sdp(body, base[1] if base else url))
        for number, media in enumerate(came.presentation.media):
            channels = f"interleaved={2 * number}-{2 * number + 1}"
            talk.ask("SETUP", media.control_url, f"Transport: RTP/AVP/TCP;unicast;{channels}")
        head, _ = talk.ask("PLAY", came.presentation.control, "Range: npt=0-")
        came.rtptimes = [int(time) for time in re.findall(r"rtptime=(\d+)", head)]
        goodbyes: set[int] = set()
        while len(goodbyes) < len(came.presentation.media):
            channel, packet = talk.packet()
            came.packets.append((channel, packet, time.monotonic_ns() // 1000))
            if channel % 2 and read_rtcp(packet).goodbye:
                goodbyes.add(channel)
        return came


class _Talk:
    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rwb")
        self._asked = 0
        self._session = ""

    def ask(self, method: str, url: str, header: str) -> tuple[str, bytes]:
        self._asked += 1
        words = f"{method} {url} RTSP/1.0\r\nCSeq: {self._asked}\r\n{self._session}{header}\r\n\r\n"
        self._file.write(words.encode())
        self._file.flush()
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._file.readline()
        text = head.decode()
        assert text.startswith("RTSP/1.0 200 "), text
        if found := re.search(r"(?im)^session: *([^;\r\n]+)", text):
            self._session = f"Session: {found[1]}\r\n"
        length = re.search(r"(?im)^content-length: *(\d+)", text)
        return text, self._file.read(int(length[1])) if length else b""

    def packet(self) -> tuple[int, bytes]:
        head = self._file.read(4)
        assert head[:1] == b"$", head
        return head[1], self._file.read(int.from_bytes(head[2:], "big"))
