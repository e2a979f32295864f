"""
Grey scenes whose truth is known: real people, cut out of the pedestrians clip, walk over its empty square.

The square is the median of the clip's pictures; people are what differs from
it. Light, focus and noise can be changed at will.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache as once
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from fakes import footage
from vigil.frames.packet import Luma

Grey = NDArray[np.float32]
Light = Callable[[Grey, float], Grey]

WIDTH, HEIGHT = 640, 360
SCALE = WIDTH / 768


@dataclass(frozen=True)
class Shot:
    """One picture, and how much of it (in percent) somebody covers in truth."""

    luma: Luma
    area_pct: float = 0.0


@once
def _cast() -> tuple[Grey, list[tuple[Grey, Grey]]]:
    """Return the empty square, and people as (grey, cover) cut-outs at the clip's own size."""
    kept = footage.cache() / "people-1.npz"
    if not kept.exists():
        half = kept.with_name("half-people-1.npz")
        np.savez_compressed(half, allow_pickle=False, **_cut_out())
        half.rename(kept)
    with np.load(kept) as data:
        people = [
            (data[f"grey{n}"].astype(np.float32), data[f"cover{n}"].astype(np.float32)) for n in range(data["count"])
        ]
        return data["square"].astype(np.float32), people


def _cut_out() -> dict[str, NDArray[Any]]:
    with av.open(str(footage.vtest())) as clip:
        pictures = np.stack([frame.to_ndarray(format="gray") for frame in clip.decode(video=0)])
    empty = np.median(pictures[::8].astype(np.float32), axis=0).astype(np.uint8)
    out: dict[str, NDArray[Any]] = {
        "square": cv2.resize(empty[72:504], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA),
    }
    count = 0
    for picture in pictures[::15]:
        differs = (cv2.absdiff(picture, empty) > 25).astype(np.uint8)
        differs = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        differs = cv2.morphologyEx(differs, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        things, labels, boxes, _ = cv2.connectedComponentsWithStats(differs)
        for thing in range(1, things):
            x, y, width, height, area = boxes[thing]
            upright = 60 <= height <= 110 and 18 <= width <= 50 and height > 1.6 * width
            if upright and area > 0.4 * width * height:
                out[f"grey{count}"] = picture[y : y + height, x : x + width]
                out[f"cover{count}"] = labels[y : y + height, x : x + width] == thing
                count += 1
    out["count"] = np.array(count)
    return out


def square() -> Grey:
    """Return the empty square, 360 × 640."""
    return _cast()[0].copy()


def people() -> int:
    """Return how many cut-outs there are."""
    return len(_cast()[1])


@once
def _grain() -> Grey:
    return np.random.default_rng(0).normal(0, 1, (HEIGHT + 500, WIDTH + 500)).astype(np.float32)


def _developed(picture: Grey, noise: float, random: np.random.Generator) -> NDArray[np.uint8]:
    # Drawing new noise for each picture would take most of a test's time; a random window of one grain does as well.
    y, x = random.integers(0, 500, 2)
    grain = _grain()[y : y + HEIGHT, x : x + WIDTH]
    return np.clip(picture + noise * grain + 0.5, 0, 255).astype(np.uint8)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """
    How people cross the square, one after the other.

    `size` 1 is as in the clip (about 65 pixels tall), `contrast` how much of
    a person shows against the square, `speed` pixels a second at size 1.
    Nobody is there during the first `empty_s`, nor for `quiet_s` after each.
    """

    size: float = 1.0
    contrast: float = 1.0
    brightness: float = 1.0
    noise: float = 2.0
    speed: float = 38.0
    fps: float = 5.0
    empty_s: float = 8.0
    quiet_s: float = 3.0

    def shots(self, *, walkers: int = 3, seed: int = 1) -> Iterator[Shot]:
        """Yield the scene."""
        random = np.random.default_rng(seed)
        background = square() * np.float32(self.brightness)
        pictures: list[tuple[Grey, float]] = [(background, 0.0)] * round(self.empty_s * self.fps)
        taken = 0
        for _ in range(walkers):
            pictures += [*self._crossing(background, random), *[(background, 0.0)] * round(self.quiet_s * self.fps)]
            for picture, area_pct in pictures:
                grey = _developed(picture, self.noise, random)
                yield Shot(Luma(grey, WIDTH, HEIGHT, round(taken * 1e6 / self.fps)), area_pct)
                taken += 1
            pictures = []

    def _crossing(self, background: Grey, random: np.random.Generator) -> Iterator[tuple[Grey, float]]:
        grey, cover = self._walker(random)
        height, width = grey.shape
        pace = self.speed * self.size * random.choice([0.6, 1, 1.4])
        from_left = random.random() < 0.5
        seconds = min((WIDTH + width) / pace, 9.0)
        start = random.uniform(-width, max(1.0 - width, WIDTH - pace * seconds))
        top = random.uniform(min(100, HEIGHT - height - 6), HEIGHT - height - 5)
        for when in np.arange(0, seconds, 1 / self.fps):
            x = start + pace * when
            left = round(x if from_left else WIDTH - width - x)
            up = int(np.clip(top + 1.5 * np.sin(10 * when), 0, HEIGHT - height))
            first, last = max(0, left), max(0, min(WIDTH, left + width))
            picture = background.copy()
            part = slice(first - left, last - left)
            here = picture[up : up + height, first:last]
            here += self.contrast * cover[:, part] * (grey[:, part] - here)
            yield picture, float(cover[:, part].sum()) * 100 / (WIDTH * HEIGHT)

    def _walker(self, random: np.random.Generator) -> tuple[Grey, Grey]:
        grey, cover = _cast()[1][random.integers(people())]
        if random.random() < 0.5:
            grey, cover = grey[:, ::-1], cover[:, ::-1]
        size = max(2, int(grey.shape[1] * self.size * SCALE)), max(4, int(grey.shape[0] * self.size * SCALE))
        grey, cover = (
            np.asarray(cv2.resize(np.ascontiguousarray(part), size, interpolation=cv2.INTER_AREA), np.float32)
            for part in (grey, cover)
        )
        return grey * np.float32(self.brightness), cover


def lit(
    light: Light, *, seconds: float, noise: float = 2.0, brightness: float = 1.0, fps: float = 5.0, empty_s: float = 8.0
) -> Iterator[Shot]:
    """Yield the empty square under a changing light: `light(square, seconds since the first empty_s)`."""
    random = np.random.default_rng(7)
    for n in range(round((empty_s + seconds) * fps)):
        picture = light(square(), max(0.0, n / fps - empty_s)) * np.float32(brightness)
        yield Shot(Luma(_developed(picture, noise, random), WIDTH, HEIGHT, round(n * 1e6 / fps)))


def through_h264(shots: Iterable[Shot], *, quality: int = 32) -> Iterator[Shot]:
    """Yield the scene as it comes out of a small stream: x264, a keyframe every two seconds."""
    originals, file = list(shots), io.BytesIO()
    with av.open(file, "w", "mp4") as out:
        stream = out.add_stream("libx264", rate=5, options={"crf": str(quality), "preset": "veryfast", "g": "10"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for shot in originals:
            frame = av.VideoFrame.from_ndarray(np.asarray(shot.luma.grey), format="gray").reformat(format="yuv420p")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as made:
        for shot, frame in zip(originals, made.decode(video=0), strict=True):
            grey = np.ascontiguousarray(frame.to_ndarray(format="gray"))
            yield replace(shot, luma=replace(shot.luma, grey=grey))


def _across() -> Grey:
    return np.broadcast_to(np.arange(WIDTH, dtype=np.float32), (HEIGHT, WIDTH)).copy()


def _switched(when: float) -> bool:
    """A switch that is thrown at 1, 3 and 7 seconds."""
    return sum(when >= at for at in (1, 3, 7)) % 2 == 1


def switched_by(factor: float, plus: float = 0.0) -> Light:
    """The whole picture becomes brighter or darker at once."""
    return lambda square, when: square * factor + plus if _switched(when) else square


def half_switched_by(factor: float, *, part: float = 0.5, soft: float = 1.0) -> Light:
    """The left part of the picture becomes brighter or darker at once; `soft` is the width of its border in pixels."""
    share = np.clip((part * WIDTH - _across()) / soft + 0.5, 0, 1)
    return lambda square, when: square * (1 + (factor - 1) * share * _switched(when))


def lamp(factor: float, *, x: float, y: float, radius: float, soft: float) -> Light:
    """A lamp lights a round part of the picture."""
    down = np.arange(HEIGHT, dtype=np.float32)[:, None]
    share = np.clip((radius - np.hypot(_across() - x, down - y)) / soft + 0.5, 0, 1)
    return lambda square, when: square * (1 + (factor - 1) * share * _switched(when))


def fading(factor: float, *, over_s: float) -> Light:
    """The light fades, from the first second on."""
    return lambda square, when: square * (1 + (factor - 1) * min(1.0, max(0.0, (when - 1) / over_s)))


def _exposed(square: Grey, when: float) -> Grey:
    return square * (1 + 0.08 * ((int(when) * 7) % 5 - 2))


def _flickering(square: Grey, when: float) -> Grey:
    return square * 1.5 if 1 <= when < 1.2 or 1.6 <= when < 1.8 or when >= 2 else square


def _curved(square: Grey, when: float) -> Grey:
    return (255 * (square / 255) ** np.float32(0.6)).astype(np.float32) if _switched(when) else square


def refocusing(blur: float, *, breathing: float = 0.0) -> Light:
    """The lens hunts for focus every six seconds; `breathing` is how much the picture grows meanwhile."""

    def light(square: Grey, when: float) -> Grey:
        amount = max(0.0, 1 - abs(when % 6 - 2) / 1.5)
        if amount < 0.05:
            return square
        grown = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 0, 1 + breathing * amount)
        picture = cv2.warpAffine(square, grown, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), blur * amount), np.float32)

    return light


def _trembling(square: Grey, when: float) -> Grey:
    by = np.array([[1, 0, 0.7 * np.sin(9.1 * when)], [0, 1, 0.7 * np.cos(7.3 * when)]], np.float32)
    return np.asarray(cv2.warpAffine(square, by, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT), np.float32)


def cloud(factor: float, *, soft: float, pixels_per_s: float = 130.0) -> Light:
    """The border of a cloud's shadow moves over the picture: light that does move."""

    def light(square: Grey, when: float) -> Grey:
        border = pixels_per_s * (when - 1)
        return square * (1 + (factor - 1) * np.clip((border - _across()) / soft + 0.5, 0, 1))

    return light


LIGHTS: dict[str, tuple[Light, float]] = {
    "all × 1.3": (switched_by(1.3), 10),
    "all × 0.6": (switched_by(0.6), 10),
    "all + 25": (switched_by(1, 25), 10),
    "all × 2, clipped": (switched_by(2.0), 10),
    "all, gamma 0.6": (_curved, 10),
    "half × 1.4": (half_switched_by(1.4), 10),
    "half × 0.6": (half_switched_by(0.6), 10),
    "half × 1.5, soft border": (half_switched_by(1.5, soft=100), 10),
    "a third × 1.5": (half_switched_by(1.5, part=0.33), 10),
    "a fifth × 1.5": (half_switched_by(1.5, part=0.2), 10),
    "lamp, 20 % of the picture": (lamp(1.6, x=200, y=200, radius=120, soft=8), 10),
    "lamp, 5 %, soft": (lamp(1.6, x=400, y=200, radius=60, soft=30), 10),
    "fluorescent tubes flicker on": (_flickering, 6),
    "fade × 1.5 in 2 s": (fading(1.5, over_s=2), 8),
    "fade × 0.5 in 10 s": (fading(0.5, over_s=10), 15),
    "dusk, to a quarter in 60 s": (fading(0.25, over_s=60), 62),
    "exposure steps of 8 %": (_exposed, 12),
    "focus hunts": (refocusing(4.0), 12),
    "focus hunts a little": (refocusing(2.0), 12),
    "focus hunts, picture breathes 0.5 %": (refocusing(4.0, breathing=0.005), 12),
    "camera trembles 0.7 pixels": (_trembling, 12),
    "nothing": (switched_by(1.0), 12),
}  # fmt: skip

CLOUDS: dict[str, tuple[Light, float]] = {
    "cloud's shadow × 0.6": (cloud(0.6, soft=60), 10),
    "cloud's shadow × 0.7, soft": (cloud(0.7, soft=200), 10),
}
"""What no method here takes for light."""
