"""Descriptions of streams, as cameras write them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vigil.cameras.sdp import LARGEST_BYTES, read_sdp
from vigil.errors import FormatError

BASE = "rtsp://camera/stream/"

USUAL = """v=0
o=- 1109162014219182 1 IN IP4 192.0.2.7
s=Media Presentation
t=0 0
a=control:*
a=range:npt=now-
m=video 0 RTP/AVP 96
c=IN IP4 0.0.0.0
b=AS:5000
a=control:trackID=1
a=rtpmap:96 H264/90000
a=fmtp:96 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets=Z00AKZpmA8ARPy4C,aO48gA==
m=audio 0 RTP/AVP 97
a=rtpmap:97 mpeg4-generic/16000/1
a=fmtp:97 streamtype=5;mode=AAC-hbr;config=1408;SizeLength=13;IndexLength=3;IndexDeltaLength=3
a=control:trackID=2
m=application 0 RTP/AVP 107
a=control:trackID=3
a=rtpmap:107 vnd.onvif.metadata/90000
"""


def test_a_usual_description_is_read():
    said = read_sdp(USUAL.replace("\n", "\r\n"), BASE)

    video, audio, metadata = said.media
    assert said.control == BASE
    assert (video.kind, video.encoding, video.clock_rate, video.payload_type) == ("video", "H264", 90_000, 96)
    assert video.fmtp["packetization-mode"] == "1"
    assert video.fmtp["sprop-parameter-sets"] == "Z00AKZpmA8ARPy4C,aO48gA=="
    assert video.control_url == BASE + "trackID=1"
    assert (audio.encoding, audio.clock_rate, audio.channels) == ("MPEG4-GENERIC", 16_000, 1)
    assert audio.fmtp["sizelength"] == "13"
    assert (metadata.kind, metadata.encoding) == ("application", "VND.ONVIF.METADATA")


@pytest.mark.parametrize(
    "changed",
    [
        USUAL,
        USUAL.replace("t=0 0\n", ""),
        USUAL.replace("\n", "\r"),
        USUAL + "\0",
        "\n\n" + USUAL + "\0\0 \n",
        USUAL.replace("m=", "x=what is this\nz\n=\nm="),
        USUAL.replace("a=control:trackID=1", "a=control:trackID=1\na=control:trackID=9"),
        USUAL.replace("a=rtpmap:96 H264/90000", "a=rtpmap:96 H264/90000\na=rtpmap:96 H265/90000"),
        USUAL.replace("RTP/AVP 96", "RTP/AVP 96 98"),
        USUAL.replace("a=rtpmap:96 H264/90000", "a=rtpmap:98 VP8/90000\na=rtpmap:96 H264/90000/1"),
        USUAL.replace("a=rtpmap:96 H264/90000", "a=rtpmap:96  h264 / 90000"),
        USUAL.replace("a=rtpmap:96 H264/90000", "a=rtpmap:96 H264"),
        USUAL.replace("a=", "a= ").replace("m=video", "m= video"),
        USUAL.replace("Media Presentation", "\udcff\udcfe"),
    ],
)
def test_what_cameras_get_wrong_changes_nothing(changed):
    data = changed.encode("utf-8", "surrogateescape")

    assert read_sdp(data, BASE).media == read_sdp(USUAL, BASE).media


# Base, the session's control, the stream's, and where the stream is then set up.
@pytest.mark.parametrize(
    ("base", "session", "stream", "url"),
    [
        ("rtsp://c/a", "", "track1", "rtsp://c/a/track1"),
        ("rtsp://c/a/", "*", "track1", "rtsp://c/a/track1"),
        ("rtsp://c/a", "*", "/track1", "rtsp://c/a/track1"),
        ("rtsp://c/a?channel=1&subtype=0", "*", "trackID=0", "rtsp://c/a?channel=1&subtype=0/trackID=0"),
        ("rtsp://c/a", "", "?track=2", "rtsp://c/a?track=2"),
        ("rtsp://c/a", "", "", "rtsp://c/a"),
        ("rtsp://c/a", "", "*", "rtsp://c/a"),
        ("rtsp://c/a", "", "rtsp://other:8554/b", "rtsp://other:8554/b"),
        ("rtsp://c/a", "rtsp://c/whole/", "track1", "rtsp://c/whole/track1"),
        ("rtsp://c/a/", "whole", "track1", "rtsp://c/a/track1"),
    ],
)
def test_a_stream_is_set_up_where_cameras_expect_it(base, session, stream, url):
    lines = [f"a=control:{session}"] if session else []
    lines += ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000"]
    lines += [f"a=control:{stream}"] if stream else []

    (video,) = read_sdp("\r\n".join(lines), base).media

    assert video.control_url == url


@pytest.mark.parametrize(
    ("control", "url"), [("", BASE), ("*", BASE), ("rtsp://c/all", "rtsp://c/all"), ("all", BASE + "all")]
)
def test_all_is_played_where_the_session_says(control, url):
    assert read_sdp(f"a=control:{control}\nm=video 0 RTP/AVP 96", BASE).control == url


def test_types_that_everybody_knows_need_no_name():
    audio, video, unknown = read_sdp("m=audio 0 RTP/AVP 8\nm=video 0 RTP/AVP 26\nm=video 0 RTP/AVP 96\n", BASE).media

    assert (audio.encoding, audio.clock_rate, audio.channels) == ("PCMA", 8000, 1)
    assert (video.encoding, video.clock_rate) == ("JPEG", 90_000)
    assert (unknown.encoding, unknown.clock_rate) == ("", 90_000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no stream that is sent as RTP"),
        ("v=0\ns=nothing\n", "no stream that is sent as RTP"),
        ("m=video 0 RTP/SAVP 96\n", "no stream that is sent as RTP"),
        ("m=video 0 udp 96\nm=video 0 RTP/AVP 200\nm=video\n", "no stream that is sent as RTP"),
        ("m=video 0 RTP/AVP 96\n" * 33, "more than 32 streams"),
        ("a" * (LARGEST_BYTES + 1), "65537 bytes"),
    ],
)
def test_what_describes_no_stream_is_refused(text, words):
    with pytest.raises(FormatError, match=words):
        read_sdp(text, BASE)


@given(st.text() | st.binary() | st.lists(st.sampled_from(USUAL.splitlines()) | st.text(max_size=20)).map("\n".join))
@example("m=video 0 RTP/AVP 96\na=fmtp:96 ;=;a")
def test_anything_is_read_or_refused_in_our_own_words(text):
    try:
        said = read_sdp(text, BASE)
    except FormatError:
        return
    assert all(media.control_url and 0 <= media.payload_type < 128 and media.clock_rate > 0 for media in said.media)
