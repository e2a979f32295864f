"""Small films made by FFmpeg, and what is in them as FFmpeg's own reader sees it."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from vigil.frames.aac import audio_codec
from vigil.frames.nal import AnnexBReader
from vigil.frames.packet import AudioCodec, Packet, VideoCodec

FRAMES = 75
"""Pictures in each film, at 25 a second (but for `variable_rate`, which leaves some out)."""

_H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"]
_H265 = ["-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params"]
_B_FRAMES = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "3"]

FILMS: dict[str, list[str]] = {
    "plain": [*_H264, "-g", "25"],
    "b_frames": [*_B_FRAMES, "-g", "25"],
    # B-frames pay only where the picture becomes noise: the order of showing changes late.
    "late_b_frames": [*_B_FRAMES, "-g", "100", "-vf", "noise=alls=100:allf=t+u:enable='gt(t,1)'"],
    "long_gop": [*_H264, "-g", "1000", "-x264-params", "scenecut=0"],
    "variable_rate": [*_H264, "-g", "25", "-vf", "select='not(mod(n,7))+not(mod(n,3))'", "-fps_mode", "vfr"],
    "slices": [*_H264, "-g", "25", "-x264-params", "slices=3"],
    "high_444": [*_H264, "-g", "25", "-pix_fmt", "yuv444p"],
    "cropped": [*_H264, "-g", "25", "-vf", "crop=154:118"],
    "interlaced": [*_H264, "-g", "25", "-vf", "crop=160:116", "-flags", "+ilme+ildct"],
    "h265": [*_H265, "log-level=none:bframes=3:keyint=25:open-gop=0"],
    "h265_open_gop": [*_H265, "log-level=none:bframes=3:keyint=27:min-keyint=27:scenecut=0:b-adapt=0:open-gop=1"],
    "h265_cropped": [*_H265, "log-level=none:bframes=0:keyint=25", "-vf", "crop=154:118"],
    "sound": [*_H264, "-g", "25", "-c:a", "aac", "-b:a", "32k"],
    "fragmented": [*_B_FRAMES, "-g", "25", "-c:a", "aac", "-movflags", "frag_keyframe+delay_moov"],
    "in_band": [*_H264, "-g", "25", "-tag:v", "avc3"],
}  # fmt: skip

UNUSUAL: dict[str, list[str]] = {
    "ten_bits": [*_H264, "-g", "25", "-pix_fmt", "yuv420p10le"],
    "ten_bits_422": [*_H264, "-g", "25", "-pix_fmt", "yuv422p10le"],
    "half_colour": [*_H264, "-g", "25", "-pix_fmt", "yuv422p"],
    "no_colour": [*_H264, "-g", "25", "-pix_fmt", "gray"],
    "full_range": [*_H264, "-g", "25", "-pix_fmt", "yuvj420p"],
    "two_fields": [*_H264, "-g", "25", "-flags", "+ilme+ildct"],
    "h265_ten_bits": [*_H265, "log-level=none:bframes=3:keyint=25", "-pix_fmt", "yuv420p10le"],
    "h265_twelve_bits": [*_H265, "log-level=none:bframes=3:keyint=25", "-pix_fmt", "yuv444p12le"],
}
"""What decoders must take of whoever sends it; at the same pace and length."""


def film(name: str) -> Path:
    """Return the film of this name; FFmpeg makes it once and it is kept in ``$VIGIL_CACHE`` (~/.cache/vigil)."""
    options = (FILMS | UNUSUAL)[name]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100"] if "-c:a" in options else []
    pixels = [] if "-pix_fmt" in options else ["-pix_fmt", "yuv420p"]
    command = [
        "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=25", *sound,
        "-t", str(FRAMES / 25), *pixels, *options, "-f", "mp4",
    ]  # fmt: skip
    cache = Path(os.environ.get("VIGIL_CACHE", Path.home() / ".cache" / "vigil")) / "films"
    path = cache / f"{name}-{hashlib.sha256(repr(command).encode()).hexdigest()[:12]}.mp4"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(f".{os.getpid()}")
        subprocess.run([*command, made], check=True)
        made.rename(path)
    return path


@functools.cache
def packets_of(name: str) -> tuple[Packet, ...]:
    """Return the film of this name as a camera would send it."""
    return read_packets(film(name))


def read_packets(path: Path) -> tuple[Packet, ...]:
    """
    Return a film as a camera would send it: packets in the order of the file, arriving at their own pace.

    FFmpeg reads the container and turns it into a byte stream, so that our
    writer is not checked by our own reader. Media times begin at 10 s, as a
    camera's clock does not begin at 0.
    """
    import av

    packets = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        sound = next(iter(container.streams.audio), None)
        codec_name = {"hevc": "h265"}.get(stream.codec_context.name, stream.codec_context.name)
        annexb = av.BitStreamFilterContext({"h265": "hevc_mp4toannexb"}.get(codec_name, "h264_mp4toannexb"), stream)
        reader = AnnexBReader(codec_name)
        audio = audio_codec(bytes(sound.codec_context.extradata or b"")) if sound else None
        for packet in container.demux([stream, *([sound] if sound else [])]):
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            seconds = Fraction(packet.time_base)
            pts, dts = (900_000 + round(time * seconds * 90_000) for time in (packet.pts, packet.dts))
            at_us = dts * 100 // 9
            if packet.stream is sound:
                assert audio
                packets.append(Packet(bytes(packet), pts, dts, at_us, True, audio, audio=True))
                continue
            for part in annexb.filter(packet):
                data, key, codec = reader.access_unit(bytes(part))
                assert codec
                packets.append(Packet(data, pts, dts, at_us, key, codec))
    return tuple(packets)


def pictures(packets: tuple[Packet, ...] | list[Packet]) -> list[Packet]:
    """Return the packets that are pictures."""
    return [packet for packet in packets if not packet.audio]


def codecs(packets: tuple[Packet, ...]) -> tuple[VideoCodec, AudioCodec | None]:
    """Return the codecs of a film."""
    video = pictures(packets)[0].codec
    assert isinstance(video, VideoCodec)
    return video, next((p.codec for p in packets if isinstance(p.codec, AudioCodec)), None)


def probe(path: Path, entries: str, *, stream: str = "v:0") -> list[dict[str, str]]:
    """Return what ffprobe says about each packet or frame (``packet=pts,dts`` …): one dictionary for each."""
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", entries, "-of", "compact=p=0", path],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == ""
    lines = [[pair.split("=", 1) for pair in line.split("|") if "=" in pair] for line in done.stdout.splitlines()]
    return [dict(pairs) for pairs in lines if pairs]  # FFmpeg puts lines without a field between those of side data


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What FFmpeg makes of a film: what it says, what it reads, and what it decodes.

    `packets` are (pts, dts, duration) in ticks of the track, `pictures` are
    digests of the decoded pictures in the order of showing.
    """

    complaints: str
    packets: list[tuple[int, int, int]]
    pictures: list[str]

    @property
    def times(self) -> list[tuple[int, int]]:
        """(pts, dts) of each packet."""
        return [(pts, dts) for pts, dts, _ in self.packets]


def seen(path: Path, *, piped: bool = False) -> Seen:
    """Let FFmpeg read all packets and decode all tracks of a film, in one run; `piped` as out of ``age -d``."""
    with tempfile.TemporaryDirectory() as folder:
        read, decoded = Path(folder, "read"), Path(folder, "decoded")
        done = subprocess.run(
            ["ffmpeg", "-v", "warning", "-copyts", "-i", "-" if piped else path,
             "-map", "0:v", "-c", "copy", "-f", "framecrc", read,
             "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", decoded,
             "-map", "0", "-f", "null", "-"],
            capture_output=True, input=path.read_bytes() if piped else b"",
        )  # fmt: skip
        packets = [(int(row[2]), int(row[1]), int(row[3])) for row in _rows(read)]
        return Seen(done.stderr.decode(), packets, [row[5] for row in _rows(decoded)])


def film_pictures(name: str) -> list[str]:
    """Return digests of the pictures of a film as FFmpeg made it, kept beside the film."""
    kept = film(name).with_suffix(".pictures")
    if not kept.exists():
        made = kept.with_suffix(f".{os.getpid()}")
        made.write_text("\n".join(seen(film(name)).pictures))
        made.rename(kept)
    return kept.read_text().split()


def _rows(path: Path) -> list[list[str]]:
    lines = path.read_text().splitlines() if path.exists() else []
    return [[cell.strip() for cell in line.split(",")] for line in lines if not line.startswith("#")]
