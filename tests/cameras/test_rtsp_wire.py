"""Taking a connection apart, however it is cut into pieces and whatever lies between."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vigil.cameras.rtsp_wire import MOST_BODY, MOST_JUNK, Wire
from vigil.errors import FormatError

SDP = b"v=0\r\no=- 1 1 IN IP4 10.0.0.5\r\nm=video 0 RTP/AVP 96\r\na=control:track1\r\n"


def packet(channel, size=40, fill=0x11):
    return b"$" + bytes((channel,)) + size.to_bytes(2, "big") + b"\x80" + bytes([fill]) * (size - 1)


def answer(body=b"", *headers, end=b"\r\n"):
    lines = [b"RTSP/1.0 200 OK", b"CSeq: 1", *headers]
    if body and not any(b"ength" in header for header in headers):
        lines.append(b"Content-Length: %d" % len(body))
    return end.join([*lines, b"", b""]) + body


def fed(wire, data):
    """Put data on the wire as a socket does: as much at once as there is room for."""
    frames, messages = [], []
    while data:
        room = wire.room()
        size = min(len(room), len(data))
        room[:size] = data[:size]
        data = data[size:]
        some = wire.received(size)
        frames += some[0]
        messages += some[1]
    return frames, messages


def taken(*pieces):
    wire, frames, messages = Wire(), [], []
    for piece in pieces:
        some = fed(wire, piece)
        frames += some[0]
        messages += some[1]
    return wire, frames, messages


STREAM = answer(SDP, b"Content-Type: application/x") + packet(0) + packet(1, 8) + answer() + packet(0, 1400)


@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=12))
@example([*range(1, len(STREAM))])
def test_it_does_not_matter_where_the_network_cuts(cuts):
    ends = [*sorted(set(cuts)), len(STREAM)]
    _, frames, messages = taken(*(STREAM[a:b] for a, b in zip([0, *ends], ends, strict=False)))
    assert [(channel, len(data)) for channel, data in frames] == [(0, 40), (1, 8), (0, 1400)]
    assert [message.body for message in messages] == [SDP, b""]


def test_the_bytes_of_a_packet_outlive_the_next_piece():
    wire, frames, _ = taken(packet(0, fill=1), packet(0, fill=2))
    fed(wire, packet(0, fill=3) * 50)
    assert [data[1] for _, data in frames] == [1, 2]


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_lines_may_end_as_they_like(end):
    _, _, (message,) = taken(answer(b"hello", end=end))
    assert (message.status, message.words, message.body) == (200, "OK", b"hello")
    assert message.get("cseq") == "1"


def test_headers_are_found_however_they_are_written():
    _, _, (message,) = taken(
        answer(b"abc", b"content-length:3", b"WWW-Authenticate: Basic", b"Www-authenticate: Digest")
    )
    assert message.body == b"abc"
    assert message.all("www-authenticate") == ["Basic", "Digest"]


def test_a_header_may_go_on_in_the_next_line():
    _, _, (message,) = taken(answer(b"", b"Public: PLAY,\r\n  TEARDOWN"))
    assert message.get("public") == "PLAY, TEARDOWN"


def test_a_camera_may_ask_us():
    _, frames, (message,) = taken(b"ANNOUNCE rtsp://10.0.0.5/ RTSP/1.0\r\nCSeq: 7\r\n\r\n" + packet(0))
    assert (message.method, message.status, message.get("cseq")) == ("ANNOUNCE", 0, "7")
    assert len(frames) == 1


def test_a_description_longer_than_it_said_is_read_whole():
    _, _, (message,) = taken(answer(SDP, b"Content-Type: application/sdp", b"Content-Length: 40"))
    assert message.body == SDP


@pytest.mark.parametrize("length", [b"Content-Length: 4000", b"X-Nothing: 1", b"Content-Length: many"])
def test_a_description_shorter_than_it_said_or_of_no_length_is_whole_when_nothing_more_comes(length):
    headers = [b"Content-Type: application/sdp", length]
    wire, _, messages = taken(b"RTSP/1.0 200 OK\r\n" + b"\r\n".join(headers) + b"\r\n\r\n" + SDP[:30], SDP[30:])
    assert messages == []
    assert wire.waiting
    _, (message,) = wire.settle()
    assert message.body == SDP


def test_empty_lines_behind_an_answer_are_nothing():
    wire, frames, messages = taken(answer(b"x") + b"\r\n\r\n\0" + answer() + b"\r\n" + packet(0))
    assert (len(messages), len(frames), wire.junk) == (2, 1, 0)


def test_scraps_between_packets_are_skipped():
    wire = Wire()
    wire.expect([0, 1])
    scraps = b"\x07$\x00\x00\x99\x80 $ $\x05\x00\x10\x80 RTSP RTSP/1. "
    frames, messages = fed(wire, packet(0) + scraps + packet(0, 99) + packet(1) + scraps + answer() + packet(0) * 9)
    assert [len(data) for _, data in frames] == [40, 99, 40] + [40] * 9
    assert len(messages) == 1
    assert wire.junk == 2 * len(scraps)


def test_a_packet_with_a_wrong_length_costs_itself_and_the_next():
    wire = Wire()
    wire.expect([0, 1])
    wrong = bytearray(packet(0, 100))
    wrong[3] += 20
    frames, _ = fed(wire, bytes(wrong) + packet(0, 60) * 3)
    assert [len(data) for _, data in frames] == [120, 60, 60]


def test_what_only_looks_like_a_packet_swallows_none():
    wire = Wire()
    wire.expect([0, 1])
    frames, _ = fed(wire, packet(0) + b"$\0\xff\xff\x11" + packet(0, 99) * 3)
    assert [len(data) for _, data in frames] == [40, 99, 99, 99]


def test_after_scraps_packets_of_strange_channels_are_not_believed():
    wire = Wire()
    wire.expect([0, 1])
    frames, _ = fed(wire, b"\x01" + packet(9) + packet(0) + packet(0))
    assert [channel for channel, _ in frames] == [0, 0]


def test_nothing_but_noise_is_no_camera():
    with pytest.raises(FormatError, match="nothing but garbage"):
        taken(b"\xfe" * (2 * MOST_JUNK))


def test_an_answer_that_is_too_long_is_refused():
    with pytest.raises(FormatError, match="longer than any camera's"):
        taken(answer(b"", b"Content-Length: %d" % (MOST_BODY + 1)))


def test_headers_without_an_end_are_skipped():
    wire = Wire()
    wire.expect([0])
    frames, messages = fed(wire, b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 4000 + packet(0) + packet(0))
    assert (len(frames), messages) == (2, [])


@given(
    st.lists(st.one_of(st.binary(max_size=300), st.sampled_from([STREAM, packet(0), answer(SDP), b"$", b"RTSP/1.0 2"])))
)
def test_whatever_comes_is_read_or_refused_and_packets_behind_it_are_found(pieces):
    wire = Wire()
    for piece in pieces:
        fed(wire, piece)
    wire.settle()
    wire.expect([0])
    # What was begun swallows at most a packet's longest length, or an answer's.
    frames, _ = fed(wire, packet(0, 1400, fill=0x7F) * 150)
    assert frames[-1] == (0, packet(0, 1400, fill=0x7F)[4:])
