"""Packing pictures and sound into fragmented MP4, piece by piece, so that what was written so far always plays."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from vigil.frames.aac import SAMPLES_PER_FRAME
from vigil.frames.packet import TICKS_PER_S, AudioCodec, Packet, VideoCodec
from vigil.segments.mp4_boxes import full_box, ntp
from vigil.segments.mp4_entries import audio_entry, video_entry
from vigil.segments.mp4_moov import AUDIO_TRACK, VIDEO_TRACK, Edit, Track, ftyp, moov

# ISO/IEC 14496-12:2020, 8.16.5: "the UTC time has a consistent, small (ideally zero), offset from the real-time of
# the experience depicted in the media at media_time". Readers ask when the light fell, not when some encoder was
# done, and the arrival of a picture is that plus the delay of one camera and its cable.
PRFT_FLAGS = 24

_KEY = 0x0200_0000  # depends on no other picture
_DELTA = 0x0101_0000  # depends on others, no place to begin
_VIDEO_RUN = 0x0F01  # trun: data offset; per sample duration, size, flags, composition offset
_AUDIO_RUN = 0x0301  # trun: data offset; per sample duration, size
_PRFT_BYTES = 32
_MDAT_HEAD_BYTES = 8
_USUAL_DURATION = TICKS_PER_S // 25
_LONGEST_GUESS = TICKS_PER_S // 2
_FAR_AHEAD = 3600 * TICKS_PER_S


def overhead_bytes(pictures: int, sounds: int) -> int:
    """Return how many bytes a fragment has beside the pictures and slices of sound in it."""
    return _PRFT_BYTES + _moof_bytes(pictures, sounds) + _MDAT_HEAD_BYTES


class FragmentWriter:
    """
    Writes the plaintext of one segment: `init` once, then `fragment` for each group of packets.

    Media time 0 is the first dts. Where pictures are shown in another order
    than they are decoded (B-frames), an edit list makes the earliest picture of
    the first fragment play at 0. Composition offsets stay what they are in the
    stream, not shifted to begin at 0 as CMAF has it: out of a pipe, FFmpeg adds
    the lowest negative offset *seen so far* to every picture, so that a film in
    which B-frames begin late would jump.

    Packets must come in the order of the camera, dts strictly rising; the
    `Cutter` sees to that.
    """

    def __init__(self, video: VideoCodec, audio: AudioCodec | None) -> None:
        self._video = video
        self._audio = audio
        self._sequence = 0
        self._base = 0
        self._start = 0
        self._newest = 0  # dts of the last picture
        self._usual = _USUAL_DURATION
        self.end_dts = 0
        """Where the last picture ends: the dts of the next, or the guess that stands in the file."""
        self._sound_due = 0
        self._sound_last = -1
        self.sound_left_out = 0
        """Slices of sound without a place: before the first picture, not in order, or an hour ahead of the pictures."""

    def init(self, packets: Sequence[Packet], *, wall_us: int) -> bytes:
        """
        Return `ftyp` and `moov`, given the packets of the first fragment.

        All of them, because a picture behind the keyframe may be shown before
        it (leading pictures of H.265). `wall_us` becomes the creation time.
        """
        video = [packet for packet in packets if not packet.audio]
        self._start = min(packet.pts for packet in video)
        self._base = min(video[0].dts, self._start)
        edits = [Edit(duration=0, media_time=self._start - self._base)] if self._start > self._base else []
        codec = self._video
        tracks = [
            Track(
                number=VIDEO_TRACK,
                entries=[video_entry(codec)],
                timescale=TICKS_PER_S,
                width=codec.width,
                height=codec.height,
                edits=edits,
            )
        ]
        if self._audio:
            tracks.append(
                Track(number=AUDIO_TRACK, entries=[audio_entry(self._audio)], timescale=self._audio.sample_rate)
            )
        return ftyp(b"iso6", b"iso6", b"mp41") + moov(tracks, wall_us=wall_us, fragmented=True)

    def fragment(self, packets: Sequence[Packet], *, end_dts: int | None, wall_us: int) -> list[bytes]:
        """
        Return `prft`, `moof` and `mdat` for `packets`, in pieces one behind the other.

        `end_dts` is the dts of the picture that follows; without it the last
        picture's duration is a guess, which the next fragment's own time
        corrects. `wall_us` is the UTC time at which the first picture in
        `packets` (without pictures: the first sound) arrived. Empty when none
        of the packets has a place.
        """
        video = [packet for packet in packets if not packet.audio]
        if video:
            self._newest = video[-1].dts
        sound, times = self._placed([packet for packet in packets if packet.audio])
        if not video and not sound:
            return []
        self._sequence += 1
        runs = []
        moof_size = _moof_bytes(len(video), len(sound))
        offset = moof_size + _MDAT_HEAD_BYTES
        if video:
            runs.append(self._video_run(video, end_dts, offset))
            offset += sum([len(packet.data) for packet in video])
            reference, media_time = VIDEO_TRACK, video[0].pts - self._base
        else:
            reference, media_time = AUDIO_TRACK, times[0]
        if sound:
            runs.append(self._sound_run(sound, times, offset))
            offset += sum([len(packet.data) for packet in sound])
        return [
            full_box(b"prft", 1, PRFT_FLAGS, struct.pack(">IQQ", reference, ntp(wall_us), max(0, media_time))),
            struct.pack(">I4sI4sII", moof_size, b"moof", 16, b"mfhd", 0, self._sequence),
            *runs,
            struct.pack(">I4s", offset - moof_size, b"mdat"),
            *[packet.data for packet in video],
            *[packet.data for packet in sound],
        ]

    def _video_run(self, video: Sequence[Packet], end_dts: int | None, offset: int) -> bytes:
        first, last = video[0], video[-1]
        if end_dts is None:
            usual = last.dts - video[-2].dts if len(video) > 1 else self._usual
            end_dts = last.dts + min(usual, _LONGEST_GUESS)
        ends = [packet.dts for packet in video[1:]]
        ends.append(end_dts)
        self.end_dts = end_dts
        table: list[int] = []
        for packet, end in zip(video, ends, strict=True):
            dts = packet.dts
            table += (end - dts, len(packet.data), _KEY if packet.key else _DELTA, packet.pts - dts)
        self._usual = table[-4]
        samples = struct.pack(">" + "IIIi" * len(video), *table)
        return _traf(
            VIDEO_TRACK, first.dts - self._base, run_flags=_VIDEO_RUN, count=len(video), offset=offset, samples=samples
        )

    def _sound_run(self, sound: Sequence[Packet], times: list[int], offset: int) -> bytes:
        table: list[int] = []
        for packet, time, end in zip(sound, times, [*times[1:], self._sound_due], strict=True):
            table += (end - time, len(packet.data))
        samples = struct.pack(f">{len(table)}I", *table)
        return _traf(AUDIO_TRACK, times[0], run_flags=_AUDIO_RUN, count=len(sound), offset=offset, samples=samples)

    def _placed(self, sound: Sequence[Packet]) -> tuple[list[Packet], list[int]]:
        """Return the sound that has a place, and the place of each in the samples of its track."""
        rate = self._audio.sample_rate if self._audio else 0
        placed: list[Packet] = []
        times: list[int] = []
        for packet in sound:
            time = ((packet.dts - self._start) * rate + TICKS_PER_S // 2) // TICKS_PER_S
            # Ticks of 90 kHz cannot say where a frame of 44.1 kHz begins: it begins where the last one ended.
            if abs(time - self._sound_due) <= 2:
                time = self._sound_due
            if time <= self._sound_last or packet.dts - self._newest > _FAR_AHEAD:
                self.sound_left_out += 1
                continue
            placed.append(packet)
            times.append(time)
            self._sound_last, self._sound_due = time, time + SAMPLES_PER_FRAME
        return placed, times


def _moof_bytes(pictures: int, sounds: int) -> int:
    return 24 + (64 + 16 * pictures if pictures else 0) + (64 + 8 * sounds if sounds else 0)


def _traf(track: int, time: int, *, run_flags: int, count: int, offset: int, samples: bytes) -> bytes:
    """Return `traf` with `tfhd` (default-base-is-moof), `tfdt` and one `trun`: 64 bytes and the samples."""
    return (
        struct.pack(
            ">I4s I4sII I4sIQ I4sIII",
            64 + len(samples), b"traf",
            16, b"tfhd", 0x02_0000, track,
            20, b"tfdt", 1 << 24, time,
            20 + len(samples), b"trun", 1 << 24 | run_flags, count, offset,
        ) + samples
    )  # fmt: skip
