"""Access units taken apart, and parameter sets read, against FFmpeg's own view of the same films."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.mp4_sources import FILMS, film, packets_of, pictures, probe
from vigil.errors import FormatError
from vigil.frames.aac import audio_codec
from vigil.frames.decoder_config import avcc, hvcc, read_avcc, read_hvcc, video_codec
from vigil.frames.nal import AnnexBReader, join_annexb, split_annexb, split_lengths
from vigil.frames.packet import VideoCodec
from vigil.frames.sps import h264_sps, h265_sps

START3, START4 = b"\0\0\1", b"\0\0\0\1"
AUD, SEI, IDR, SLICE, FILLER = b"\x09\xf0", b"\x06\x05\x01\x80", b"\x65\x88\x80", b"\x41\x9a\x02", b"\x0c\xff\x80"


def sets(name: str) -> tuple[bytes, ...]:
    codec = pictures(packets_of(name))[0].codec
    assert isinstance(codec, VideoCodec)
    return codec.parameter_sets


def annexb(*units: bytes) -> bytes:
    return b"".join(START4 + unit for unit in units)


def lengths(*units: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units)


def test_start_codes_of_both_lengths_and_zeros_between_are_gone() -> None:
    data = START4 + AUD + START3 + SEI + b"\0\0" + START4 + IDR + b"\0\0\0"

    assert split_annexb(data) == [AUD, SEI, IDR]


@pytest.mark.parametrize("data", [b"", b"\0\0", IDR, b"\x41" + START4 + IDR, b"\0\0\2" + START3 + IDR])
def test_bytes_that_belong_to_no_unit_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError, match="start code"):
        split_annexb(data)


# What an encoder may put out: no start code inside, no zero at the end (7.4.1.1).
UNITS = st.binary(min_size=1).filter(lambda unit: b"\0\0\1" not in unit and unit[-1])


@pytest.mark.parametrize("name", ["h264", "h265"])
@given(
    units=st.lists(st.tuples(st.integers(0, 63), st.binary(max_size=3)), max_size=4),
    missing=st.sampled_from([0, 1, 4]),
)
def test_a_sample_left_as_it_is_says_the_same_as_one_taken_apart(name, units, missing) -> None:
    sample = lengths(*(bytes([kind << 1 if name == "h265" else kind & 31]) + rest for kind, rest in units))
    sample = sample[: max(0, len(sample) - missing)]

    def said(read):
        try:
            return read(AnnexBReader(name))
        except FormatError as error:
            return str(error)

    assert said(lambda reader: reader.lengths(sample)) == said(lambda reader: reader.units(split_lengths(sample)))


@settings(deadline=None)
@given(st.lists(UNITS, min_size=1))
def test_units_survive_the_byte_stream_and_the_lengths(units: list[bytes]) -> None:
    assert split_annexb(join_annexb(units)) == units == split_annexb(annexb(*units))
    assert split_lengths(lengths(*units)) == units


def test_a_unit_longer_than_its_sample_is_refused() -> None:
    with pytest.raises(FormatError, match="longer than the sample"):
        split_lengths(lengths(IDR) + b"\0\0\0\x09abc")


def test_delimiters_and_filling_are_dropped_and_parameter_sets_set_apart() -> None:
    reader = AnnexBReader("h264")
    data, key, codec = reader.access_unit(annexb(AUD, *sets("plain"), SEI, IDR, FILLER))

    assert data == lengths(SEI, IDR)
    assert key
    assert codec
    assert codec.parameter_sets == sets("plain")


def test_a_picture_that_others_lean_on_is_no_key() -> None:
    assert AnnexBReader("h264").access_unit(annexb(AUD, SLICE)) == (lengths(SLICE), False, None)


def test_a_recovery_point_is_no_key() -> None:
    recovery_point = b"\x06\x06\x01\xc4\x80"
    _, key, _ = AnnexBReader("h264").access_unit(annexb(recovery_point, SLICE))

    assert not key


@pytest.mark.parametrize(("kind", "key"), [(1, False), (9, False), (15, False), *((n, True) for n in range(16, 22))])
def test_in_h265_every_picture_that_can_be_joined_at_is_a_key(kind: int, key: bool) -> None:
    picture = bytes((kind << 1, 1, 0x80))

    assert AnnexBReader("h265").access_unit(annexb(picture)) == (lengths(picture), key, None)


def test_a_unit_without_a_picture_has_no_data_but_is_learned_from() -> None:
    reader = AnnexBReader("h264")

    data, key, codec = reader.access_unit(annexb(*sets("plain"), SEI))

    assert (data, key) == (b"", False)
    assert codec
    assert reader.access_unit(annexb(IDR))[2] is codec


def test_sets_sent_again_leave_the_very_same_codec() -> None:
    reader = AnnexBReader("h264")
    first = reader.access_unit(annexb(*sets("plain"), IDR))[2]

    assert reader.access_unit(annexb(*sets("plain"), IDR))[2] is first
    assert reader.access_unit(annexb(SLICE))[2] is first


def test_a_changed_set_makes_another_codec_and_the_old_one_comes_back_with_the_old_set() -> None:
    reader = AnnexBReader("h264")
    first = reader.access_unit(annexb(*sets("plain"), IDR))[2]
    second = reader.access_unit(annexb(*sets("cropped"), IDR))[2]
    third = reader.access_unit(annexb(*sets("plain"), IDR))[2]

    assert first
    assert second
    assert (second.width, second.height) == (154, 118)
    assert third == first


def test_a_second_set_with_another_number_is_kept_beside_the_first() -> None:
    sps, pps = sets("plain")
    # ue(v) 0 is the bit 1, ue(v) 1 the bits 010: the same picture parameter set under number 1.
    bits = bin(int.from_bytes(pps[1:], "big"))[2:]
    other = pps[:1] + int(("010" + bits[1:] + "0" * 6)[: len(bits) + 6], 2).to_bytes(len(bits) // 8 + 1, "big")
    reader = AnnexBReader("h264")

    codec = reader.learn([sps, pps, other])

    assert codec
    assert codec.parameter_sets == (sps, pps, other)


def test_garbage_in_a_parameter_set_is_told_and_changes_nothing() -> None:
    reader = AnnexBReader("h264")
    codec = reader.learn(sets("plain"))

    with pytest.raises(FormatError):
        reader.access_unit(annexb(b"\x67\x64\x00", IDR))
    assert reader.access_unit(annexb(SLICE))[2] is codec


@pytest.mark.parametrize("name", FILMS)
def test_width_height_profile_and_keys_are_what_ffmpeg_says(name: str) -> None:
    kept = film(name).with_suffix(".facts")
    if not kept.exists():  # what FFmpeg says of a film does not change
        facts = probe(film(name), "stream=width,height,level,profile")[0]
        keys = [line["flags"][0] == "K" for line in probe(film(name), "packet=flags")]
        kept.write_text(json.dumps([facts, keys]))
    facts, keys = json.loads(kept.read_text())
    video = pictures(packets_of(name))
    codec = video[0].codec
    assert isinstance(codec, VideoCodec)

    assert (codec.width, codec.height) == (int(facts["width"]), int(facts["height"]))
    assert [packet.key for packet in video] == keys
    if codec.name == "h264":
        assert h264_sps(codec.parameter_sets[0]).level == int(facts["level"])
    else:
        assert h265_sps(codec.parameter_sets[1]).general_profile[11] == int(facts["level"])


@pytest.mark.parametrize("name", FILMS)
def test_the_decoder_record_is_byte_for_byte_that_of_ffmpeg(name: str) -> None:
    whole = film(name).read_bytes()
    codec = pictures(packets_of(name))[0].codec
    assert isinstance(codec, VideoCodec)
    kind, ours, read = (b"avcC", avcc, read_avcc) if codec.name == "h264" else (b"hvcC", hvcc, read_hvcc)
    at = whole.index(kind)
    theirs = whole[at + 4 : at - 4 + int.from_bytes(whole[at - 4 : at], "big")]

    assert read(theirs)[0] == 4
    if codec.name == "h264":
        assert ours(codec) == theirs
    else:
        # x265 puts its name into an SEI message and FFmpeg puts that into hvcC; frame rate fields are free.
        assert read(ours(codec)) == read(theirs)
        assert ours(codec)[:13] == theirs[:13]
        assert ours(codec)[16:19] == theirs[16:19]
        assert ours(codec)[21] == theirs[21]
    assert video_codec(codec.name, read(ours(codec))[1]) == codec


def ue(value: int) -> str:
    coded = bin(value + 1)[2:]
    return "0" * (len(coded) - 1) + coded


def se(value: int) -> str:
    return ue(2 * value - 1 if value > 0 else -2 * value)


def sps_of(*fields: str) -> bytes:
    bits = "".join(fields) + "1"
    bits += "0" * (-len(bits) % 8)
    return b"\x67" + int(bits, 2).to_bytes(len(bits) // 8, "big")


def test_the_size_is_found_behind_scaling_lists_and_a_cycle_of_picture_orders() -> None:
    lists = ["1", "1" + se(-4) + se(1) * 15, *["0"] * 5, "1" + se(5) + se(-13) + "", "0"]  # the second one ends early
    order = [ue(1), "0", se(-3), se(7), ue(2), se(1), se(-1)]
    size = [ue(4), "0", ue(39), ue(16), "0", "1", "1", "1", ue(1), ue(2), ue(3), ue(0)]
    header = [f"{100:08b}{0:08b}{41:08b}", ue(3), ue(1), ue(0), ue(0), "0"]

    sps = h264_sps(sps_of(*header, *lists, ue(0), *order, *size))

    assert (sps.number, sps.profile, sps.level, sps.chroma_format) == (3, 100, 41, 1)
    # 40 by 17 pairs of macroblocks, less what is cropped: two pixels a unit across, four down (fields).
    assert (sps.width, sps.height) == (640 - 2 * 3, 2 * 272 - 4 * 3)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_missing_kind_of_set_is_named(lost: int) -> None:
    left = [unit for n, unit in enumerate(sets("h265")) if n != lost]

    with pytest.raises(FormatError, match=("VPS", "SPS", "PPS")[lost]):
        video_codec("h265", left)
    assert AnnexBReader("h265").learn(left) is None


@settings(deadline=None)
@given(data=st.binary(max_size=200), name=st.sampled_from(["h264", "h265"]), kind=st.sampled_from([7, 8, 32, 33, 34]))
def test_garbage_raises_nothing_but_format_error(data: bytes, name: str, kind: int) -> None:
    unit = bytes((kind if name == "h264" else kind << 1, 1)) + data
    for attempt in (
        lambda: AnnexBReader(name).access_unit(data),
        lambda: AnnexBReader(name).access_unit(annexb(unit)),
        lambda: AnnexBReader(name).lengths(data),
        lambda: video_codec(name, [unit, data]),
        lambda: read_avcc(data),
        lambda: read_hvcc(b"\1" + data),
        lambda: audio_codec(data),
    ):
        try:
            attempt()
        except FormatError:
            pass


@settings(deadline=None)
@given(data=st.data(), name=st.sampled_from(["plain", "h265", "interlaced", "high_444"]))
def test_a_damaged_parameter_set_raises_nothing_but_format_error(data: st.DataObject, name: str) -> None:
    units = list(sets(name))
    number = data.draw(st.integers(0, len(units) - 1))
    damaged = bytearray(units[number])
    at = data.draw(st.integers(0, len(damaged) - 1))
    damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    units[number] = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    codec_name = "h265" if name == "h265" else "h264"
    try:
        codec = video_codec(codec_name, units)
    except FormatError:
        return
    assert codec.width > 0
    assert (avcc if codec_name == "h264" else hvcc)(codec)


@pytest.mark.parametrize(
    ("config", "rate", "channels"),
    [("1208", 44_100, 1), ("1190", 48_000, 2), ("1408", 16_000, 1), ("2b09880800", 24_000, 1)],
)
def test_sound_says_its_rate_and_channels(config: str, rate: int, channels: int) -> None:
    codec = audio_codec(bytes.fromhex(config))

    assert (codec.sample_rate, codec.channels, codec.config.hex()) == (rate, channels, config)


@pytest.mark.parametrize("config", ["", "12", "1700", "1200", "12f8", "00" * 300])
def test_sound_that_does_not_say_them_is_refused(config: str) -> None:
    with pytest.raises(FormatError):
        audio_codec(bytes.fromhex(config))
