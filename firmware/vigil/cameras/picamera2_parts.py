"""
The pieces of picamera2 that a recorder needs otherwise than it has them. Imported only when such a camera is opened.

Written against picamera2 0.3.38. What leans on its private parts says so.
"""

from __future__ import annotations

import ctypes
import gc
import os
import threading
from collections.abc import Callable
from typing import Any

from picamera2 import MappedArray, Picamera2
from picamera2.encoders.h264_encoder import H264Encoder
from picamera2.encoders.libav_h264_encoder import LibavH264Encoder
from picamera2.outputs import Output
from picamera2.previews import NullPreview

from vigil.cameras.picamera2_choices import Plan, place_of
from vigil.errors import CameraLost

BUSY_S = 10.0
"""Opening and closing take one or two seconds; who waits longer waits for a camera that does not let go."""

_INTRA = 1
"""FFmpeg's AV_PICTURE_TYPE_I, which libx264 makes a keyframe."""

_one_at_a_time = threading.Lock()
"""picamera2 shares one libcamera among all cameras, and opening one while the last other closes breaks it."""


def open_camera(camera: int | str) -> Picamera2:
    """Open a camera by its place in the list or its libcamera name. Raises `CameraLost`, or whatever picamera2 does."""
    with _exclusive():
        _forget_the_last()
        found = Picamera2.global_camera_info()
        manager = Picamera2._cm  # private; there is no other way to have libcamera look again
        if not manager.cameras and not _is_there(camera, found):
            # A list read too early in the boot would be kept for ever while no camera is open.
            manager.reset()
            found = Picamera2.global_camera_info()
        return _open(place_of(camera, found))


def close_camera(camera: Picamera2) -> None:
    """Stop and close a camera in the order that does not wait for what no longer runs. May wait for ever; may raise."""
    # First the event loop: `stop` would hand its work to it, and wait, even when it has died.
    if camera._preview is not None:  # private
        camera.stop_preview()
    camera.stop()
    camera.stop_encoder()
    with _exclusive():
        camera.close()


def _forget_the_last() -> None:
    """
    Give back the memory of cameras that were closed.

    Camera, encoder and their callbacks hold each other, and their pictures lie
    in the heaps of threads that are gone: a camera that was opened again a
    hundred times in a night holds 200 MiB without this, and 43 with it.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def _open(place: int) -> Picamera2:
    camera = Picamera2.__new__(Picamera2)
    try:
        camera.__init__(place)
    except Exception:
        # picamera2 drops a pipe and perhaps the camera where it lies; tried again all night, that ends all recording.
        if camera.is_open:
            camera.camera.release()
            camera.is_open = False
        camera.notifymeread.close()
        os.close(camera.notifyme_w)
        raise
    return camera


class _exclusive:  # noqa: N801 (reads as what it is for: `with _exclusive():`)
    def __enter__(self) -> None:
        if not _one_at_a_time.acquire(timeout=BUSY_S):
            raise CameraLost("another camera of this process does not let go of libcamera; restart the recorder")

    def __exit__(self, *exc: object) -> None:
        _one_at_a_time.release()


def _is_there(camera: int | str, found: list[dict[str, Any]]) -> bool:
    try:
        place_of(camera, found)
    except CameraLost:
        return False
    return True


class EventLoop(NullPreview):  # type: ignore[misc]
    """picamera2's own loop, except that what goes wrong in it is told rather than killing its thread in silence."""

    def __init__(self, on_fault: Callable[[Exception], None]) -> None:
        super().__init__()
        self._on_fault = on_fault

    def handle_request(self, picam2: Picamera2) -> None:
        """Let picamera2 do what its thread woke up for."""
        try:
            picam2.process_requests(self)
        except Exception as error:  # noqa: BLE001 (encoders, drivers and callbacks raise what they like)
            self._on_fault(error)


class Sink(Output):  # type: ignore[misc]
    """Hands each encoded picture on: its bytes (Annex B) and its time in microseconds since the first."""

    def __init__(self, on_picture: Callable[[bytes, int], None]) -> None:
        super().__init__()
        self._on_picture = on_picture

    def outputframe(
        self,
        frame: bytes | None,
        keyframe: bool = True,  # noqa: ARG002 (picamera2 passes it by place)
        timestamp: int | None = None,
        packet: object = None,  # noqa: ARG002
        audio: bool = False,
    ) -> None:
        """Take what the encoder made; called in a thread of the encoder's choice."""
        if frame is not None and timestamp is not None and not audio:
            self._on_picture(frame, timestamp)


class SoftwareEncoder(LibavH264Encoder):  # type: ignore[misc]
    """
    libx264 that can be asked for a keyframe, and gives each picture out before it takes the next.

    picamera2's own `force_key_frame` writes "I" where PyAV takes only a number,
    and the error ends its thread; so the frames pass by us on their way.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._key_asked = threading.Event()

    def force_key_frame(self) -> None:
        """Make the next picture a keyframe."""
        self._key_asked.set()

    def _start(self) -> None:  # private
        super()._start()
        stream: Any = self._stream
        # picamera2 has a core work on each picture, so one comes out as many pictures late as there are cores, and a
        # power cut costs those. Here the cores share each picture.
        context = stream.codec_context
        context.thread_type = type(context.thread_type).SLICE
        self._stream: Any = _Passing(stream, self._key_asked)


class _Passing:
    """PyAV's stream, with the kind of a picture set before it is encoded."""

    def __init__(self, stream: Any, key_asked: threading.Event) -> None:
        self._stream = stream
        self._key_asked = key_asked

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def encode(self, frame: Any = None) -> Any:
        if frame is not None and self._key_asked.is_set():
            self._key_asked.clear()
            frame.pict_type = _INTRA
        return self._stream.encode(frame)


def make_encoder(plan: Plan) -> H264Encoder | SoftwareEncoder:
    """Return the encoder planned, not started. Parameter sets come with every keyframe."""
    if plan.hardware:
        return H264Encoder(bitrate=plan.bit_rate, repeat=True, iperiod=plan.key_frames)
    return SoftwareEncoder(
        bitrate=plan.bit_rate,
        repeat=True,
        iperiod=plan.key_frames,
        framerate=round(1_000_000 / plan.frame_us),
        # Without a profile picamera2 takes libx264's "ultrafast"; "superfast" costs twice the work and shows 1 dB more.
        profile="high",
    )


def configure(camera: Picamera2, plan: Plan) -> None:
    """Set sizes, formats and pace. The camera may give other sizes than were asked: read them back from it."""
    lores = {"size": plan.luma_size, "format": "YUV420"} if plan.luma_size else None
    camera.configure(
        camera.create_video_configuration(
            main={"size": plan.size, "format": "YUV420"},
            lores=lores,
            raw=None,  # else six raw pictures are held in memory, for nobody
            controls={"FrameDurationLimits": (plan.frame_us, plan.frame_us)},
            display=None,
            encode="main",
            queue=False,  # nobody asks for single pictures, so none needs to be kept back
        )
    )


def brightness(request: Any) -> tuple[bytes, int, int]:
    """Return the grey picture of a request's small stream, its width and height: the Y plane of YUV420 and NV12."""
    stream = request.config["lores"]
    (width, height), stride = stream["size"], stream["stride"]
    with MappedArray(request, "lores", reshape=False, write=False) as mapped:
        rows = mapped.array[: stride * height].reshape(height, stride)
        return rows[:, :width].tobytes(), width, height
