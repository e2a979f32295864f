"""Grey pictures out of encoded ones: FFmpeg's libavcodec alone must see what PyAV sees."""

import os
import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.decoders import DECODERS, alone, behind_start_codes, record, seen, through_pyav
from fakes.mp4_sources import FILMS, FRAMES, UNUSUAL, film, packets_of, pictures
from vigil.cameras.grey import Grey

# Of an interlaced picture that must be shrunk PyAV has the two fields shrunk apart, which block sums gain nothing from.
FIELDS_APART = {("interlaced", 640), ("interlaced", 96), ("two_fields", 96)}
ALIKE = sorted({(name, at_most) for name in (*FILMS, *UNUSUAL) for at_most in (640, 96)} - FIELDS_APART)
each_decoder = pytest.mark.parametrize("opened", DECODERS.values(), ids=DECODERS)


def codec_of(name):
    return pictures(packets_of(name))[0].codec


def data_of(name):
    return [picture.data for picture in pictures(packets_of(name))]


def for_film(opened, name):
    codec = codec_of(name)
    return opened(codec.name, record(codec))


@pytest.mark.parametrize(("name", "at_most"), ALIKE)
def test_both_decoders_see_the_same(name, at_most):
    ours, theirs = (seen(for_film(opened, name), data_of(name), at_most=at_most) for opened in (alone, through_pyav))

    assert sum(grey is not None for grey in ours) > 20
    assert ours == theirs


@each_decoder
@pytest.mark.parametrize("name", ["plain", "no_colour", "full_range", "half_colour"])
def test_what_is_seen_is_the_brightness_that_was_encoded(opened, name):
    """As FFmpeg's own program tells it: in these films no edges are to be smoothed."""
    command = ["ffmpeg", "-v", "error", "-i", str(film(name)), "-vf", "extractplanes=y", "-f", "rawvideo", "-"]

    told = subprocess.run(command, capture_output=True, check=True).stdout

    assert len(told) == FRAMES * 160 * 120
    assert told == b"".join(grey.pixels for grey in seen(for_film(opened, name), data_of(name)) if grey)


@each_decoder
@pytest.mark.parametrize("name", ["plain", "b_frames", "h265", "h265_ten_bits"])
def test_a_keyframe_alone_is_seen_at_once(opened, name):
    codec = codec_of(name)
    keys = [picture for picture in pictures(packets_of(name)) if picture.key]
    decoder = opened(codec.name, b"")

    shown = [decoder.decode(behind_start_codes(key), alone=True) and decoder.grey(640) for key in keys]

    assert len(keys) > 1
    assert all(isinstance(grey, Grey) and grey.key for grey in shown)
    assert len({bytes(grey.pixels) for grey in shown}) == len(keys)


@each_decoder
def test_only_keyframes_are_called_so(opened):
    shown = seen(for_film(opened, "plain"), data_of("plain"))

    assert [grey is not None and grey.key for grey in shown] == [
        picture.key for picture in pictures(packets_of("plain"))
    ]


@each_decoder
def test_a_picture_is_shown_once_and_only_if_it_is_asked_for(opened):
    decoder = for_film(opened, "plain")
    first, second, *_ = data_of("plain")

    assert decoder.grey(640) is None
    assert decoder.decode(first)
    assert decoder.decode(second)
    assert decoder.grey(640) is not None
    assert decoder.grey(640) is None


@each_decoder
def test_nothing_is_no_picture_and_disturbs_none(opened):
    decoder = for_film(opened, "plain")
    first, second, *_ = data_of("plain")

    assert decoder.decode(first)
    assert not decoder.decode(b"")
    assert decoder.grey(640) is None
    assert decoder.decode(second)


@each_decoder
def test_pictures_may_change_their_size(opened):
    """As a camera does that was set up anew: the sets come with the pictures."""
    names = ["plain", "cropped", "ten_bits", "high_444", "plain"]
    decoder = opened("h264", b"")

    sizes = []
    for name in names:
        keys = [behind_start_codes(picture) for picture in pictures(packets_of(name))[:3]]
        # A decoder may tell the last pictures of one size only when the next one begins.
        sizes.append([(grey.width, grey.height) for grey in seen(decoder, keys) if grey][-1])

    assert sizes == [(160, 120), (152, 112), (160, 120), (160, 120), (160, 120)]


@each_decoder
@pytest.mark.parametrize("name", ["plain", "h265"])
def test_after_a_broken_picture_the_next_keyframe_is_seen_again(opened, name):
    codec = codec_of(name)
    key = behind_start_codes(next(picture for picture in pictures(packets_of(name)) if picture.key))
    decoder = opened(codec.name, b"")
    assert decoder.decode(key, alone=True)
    before = decoder.grey(640)

    assert not decoder.decode(key[:5] + bytes(40), alone=True)
    assert decoder.grey(640) is None

    assert decoder.decode(key, alone=True)
    assert decoder.grey(640) == before


@each_decoder
@pytest.mark.parametrize("extradata", [b"", b"\1", b"\1" * 40, bytes(1000), b"\0\0\1\x67\xff"])
def test_what_should_have_described_the_stream_may_be_anything(opened, extradata):
    decoder = opened("h264", extradata)

    assert not decoder.decode(b"\0\0\0\1\x65garbage")
    assert not decoder.decode(b"")
    assert decoder.grey(640) is None


PAIRS = [("plain", "cropped"), ("b_frames", "ten_bits"), ("h265", "h265_cropped"), ("interlaced", "high_444")]


@st.composite
def mischief(draw):
    """Pictures of two films, some of them cut off, with bits turned over, made up, left out or told twice."""
    names = draw(st.sampled_from(PAIRS))
    form = draw(st.sampled_from([behind_start_codes, lambda picture: picture.data]))
    chance = random.Random(draw(st.integers(0, 1 << 32)))
    sent = []
    for picture in (picture for name in names for picture in pictures(packets_of(name))[:30]):
        data = bytearray(form(picture))
        match chance.randrange(20):
            case 0:
                del data[chance.randrange(len(data)) :]
            case 1:
                for _ in range(chance.choice([1, 8, 100])):
                    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            case 2:
                data[chance.randrange(min(60, len(data)))] ^= 1 << chance.randrange(8)
            case 3:
                data[chance.randrange(len(data)) :] = chance.randbytes(chance.randrange(300))
            case 4:
                sent.append(chance.randbytes(chance.randrange(2000)))
            case 5:
                sent.append(bytes(data))
            case 6:
                continue
        sent.append(bytes(data))
    codec = codec_of(names[0])
    return codec.name, b"" if form is behind_start_codes else record(codec), sent


@given(mischief(), st.booleans(), st.sampled_from([640, 96, 8]))
@settings(max_examples=60, deadline=None)
def test_no_bytes_end_us_and_both_decoders_leave_out_the_same(sent, keys_alone, at_most):
    name, extradata, data = sent
    ours, theirs = alone(name, extradata), through_pyav(name, extradata)

    for unit in data:
        assert (taken := ours.decode(unit, alone=keys_alone)) == theirs.decode(unit, alone=keys_alone)
        grey, same = ours.grey(at_most), theirs.grey(at_most)
        assert (grey is not None) == (same is not None) == taken
        if grey is not None and same is not None:
            assert len(grey.pixels) == grey.width * grey.height
            assert (grey.width, grey.height, grey.key) == (same.width, same.height, same.key)

    ours.close()


# A hundred thousand pictures, decoded and shrunk, take a quarter of a minute.
@pytest.mark.slow
def test_a_hundred_thousand_pictures_leave_nothing_behind():
    decoder, garbage = for_film(alone, "plain"), bytes(range(256))
    data = data_of("plain")
    after = {}

    for count in range(100_000):
        if decoder.decode(data[count % FRAMES] if count % 1000 else garbage):
            decoder.grey(96 if count % 2 else 160)
        if count in (10_000, 99_999):
            after[count] = resident_kib()

    assert after[99_999] - after[10_000] < 256


def test_what_a_decoder_held_is_given_back():
    """Closed, or forgotten: a thousand of them would hold more than 200 MiB."""
    codec, first = codec_of("plain"), data_of("plain")[0]

    def many(count):
        for number in range(count):
            decoder = alone(codec.name, record(codec))
            assert decoder.decode(first)
            if number % 2:
                assert decoder.grey(96)
            if number % 3:
                decoder.close()
        return resident_kib()

    assert many(1000) - many(100) < 1024


def resident_kib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024
