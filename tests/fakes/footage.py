"""
Real surveillance footage for the tests: people walking across a square, 768×576, 80 seconds.

The clip is `vtest.avi` out of Debian's package `opencv-doc`. It is fetched
once, and each variant is made once, into ``$VIGIL_CACHE/footage`` (default
``~/.cache/vigil/footage``); the name of a variant bears the digest of the
command that made it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CLIP_FRAMES = 795
_INSIDE_PACKAGE = "usr/share/doc/opencv-doc/examples/data/vtest.avi"

_X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-sc_threshold", "0")
_X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-tag:v", "hvc1")
_QUIET_X265 = "log-level=error:scenecut=0"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one variant is made; `{fps}` and `{gop}` (a second of frames) are filled in."""

    codec: tuple[str, ...]
    suffix: str = "mp4"
    extra_inputs: tuple[str, ...] = ()
    picture: str = ""


RECIPES: dict[str, Recipe] = {
    "h264": Recipe((*_X264, "-bf", "0", "-g", "{gop}", "-keyint_min", "{gop}")),
    "h264-long-gop": Recipe((*_X264, "-bf", "0", "-g", "{gop10}", "-keyint_min", "{gop10}")),
    "h264-bframes": Recipe((*_X264, "-bf", "3", "-b_strategy", "0", "-g", "{gop}", "-keyint_min", "{gop}")),
    "h264-small": Recipe((*_X264, "-bf", "0", "-g", "{gop}", "-keyint_min", "{gop}"), picture=",scale=320:240"),
    "h264-raw": Recipe((*_X264, "-bf", "0", "-g", "{gop}", "-keyint_min", "{gop}", "-f", "h264"), "h264"),
    "h264-slices": Recipe(
        (*_X264, "-bf", "0", "-g", "{gop}", "-keyint_min", "{gop}", "-slices", "4", "-f", "h264"), "h264"
    ),
    "h264-ts": Recipe((*_X264, "-bf", "2", "-g", "{gop}", "-keyint_min", "{gop}", "-f", "mpegts"), "ts"),
    "h264-mkv": Recipe((*_X264, "-bf", "2", "-g", "{gop}", "-keyint_min", "{gop}"), "mkv"),
    "h264-aac": Recipe(
        (*_X264, "-bf", "0", "-g", "{gop}", "-keyint_min", "{gop}", "-c:a", "aac", "-ar", "16000", "-shortest"),
        extra_inputs=("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000"),
    ),
    "h265": Recipe((*_X265, "-x265-params", _QUIET_X265 + ":bframes=0:keyint={gop}:min-keyint={gop}")),
    "h265-bframes": Recipe((*_X265, "-x265-params", _QUIET_X265 + ":bframes=3:keyint={gop}:min-keyint={gop}")),
    "h265-raw": Recipe(
        (*_X265[:-2], "-x265-params", _QUIET_X265 + ":bframes=0:keyint={gop}:min-keyint={gop}", "-f", "hevc"), "h265"
    ),
    "vfr": Recipe(
        (*_X264, "-bf", "0", "-g", "{gop}", "-keyint_min", "{gop}", "-vsync", "vfr", "-enc_time_base", "1:90000"),
        # Every third picture of the second half is left out.
        picture=",select='not(gt(n\\,{half})*eq(mod(n\\,3)\\,0))'",
    ),
    "mjpeg": Recipe(("-c:v", "mjpeg", "-q:v", "5", "-pix_fmt", "yuvj422p"), "avi"),
    "yuyv": Recipe(("-c:v", "rawvideo", "-pix_fmt", "yuyv422"), "avi", picture=",scale=320:240"),
    "mpeg4": Recipe(("-c:v", "mpeg4", "-q:v", "5"), "mp4"),
}  # fmt: skip


def cache() -> Path:
    """Return the folder of all footage, making it where it is missing."""
    folder = Path(os.environ.get("VIGIL_CACHE", "") or Path.home() / ".cache/vigil") / "footage"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def vtest() -> Path:
    """Return the clip itself (795 pictures at 10 fps, in a codec that Vigil does not record)."""
    clip = cache() / "vtest.avi"
    with _made_once(clip) as missing:
        if missing:
            _fetch(clip)
    return clip


def footage(name: str, *, frames: int = 50, fps: int = 25) -> Path:
    """
    Return a variant of the clip with exactly `frames` pictures (before `vfr` drops some) at `fps`.

    More pictures than the clip has repeat it. A high `fps` makes real-time
    tests short without making them see less.
    """
    recipe = RECIPES[name]
    numbers = {"fps": fps, "gop": fps, "gop10": 10 * fps, "half": frames // 2}
    loops = -(-frames // _CLIP_FRAMES) - 1
    command = [
        "ffmpeg", "-nostdin", "-loglevel", "error", "-y",
        "-stream_loop", str(loops), "-i", "{vtest}", *recipe.extra_inputs,
        "-frames:v", str(frames),
        # A fine time base first: the clip counts in tenths of a second, and rounding would repeat and drop pictures.
        "-vf", f"settb=1/90000,setpts=N/({fps}*TB){recipe.picture.format(**numbers)}",
        *(["-r", str(fps)] if "-vsync" not in recipe.codec else []),
        *(word.format(**numbers) for word in recipe.codec),
    ]  # fmt: skip
    if recipe.extra_inputs:
        command += ["-map", "0:v", "-map", "1:a"]
    digest = hashlib.sha256("\0".join(command).encode()).hexdigest()[:12]
    made = cache() / f"{name}-{frames}x{fps}-{digest}.{recipe.suffix}"
    with _made_once(made) as missing:
        if missing:
            half = made.with_name(f"half-{made.name}")
            words = [str(vtest()) if word == "{vtest}" else word for word in command]
            subprocess.run([*words, str(half)], check=True)
            half.rename(made)
    return made


@contextmanager
def _made_once(file: Path) -> Iterator[bool]:
    """Yield whether the file is still missing, while no other test process makes it."""
    if file.exists():
        yield False
        return
    with (file.parent / f".{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not file.exists()


def _fetch(clip: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["apt-get", "download", "-qq", "opencv-doc"], cwd=scratch, check=True, stderr=subprocess.DEVNULL)
        (package,) = Path(scratch).glob("opencv-doc_*.deb")
        subprocess.run(["dpkg", "-x", package.name, "out"], cwd=scratch, check=True)
        inside = Path(scratch) / "out" / _INSIDE_PACKAGE
        if not inside.exists():
            (inside,) = (Path(scratch) / "out").rglob("vtest.avi*")
        half = clip.with_name("half-vtest.avi")
        shutil.copyfile(inside, half)
        half.rename(clip)
