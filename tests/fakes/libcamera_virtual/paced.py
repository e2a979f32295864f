"""
A virtual camera with hands: it keeps the pace of a real one, and its cable can be pulled.

libcamera's virtual camera completes a request the moment it is queued, more than a thousand a second. Here requests
are held back, and one is passed on each time a picture is due.
"""

from __future__ import annotations

import queue
import threading
import time


class PacedCamera:
    """Stands before a `libcamera.Camera` and passes everything on to it, requests at `fps`."""

    def __init__(self, camera, fps):
        self._camera = camera
        self._period_s = 1 / fps
        self._waiting: queue.Queue = queue.Queue()
        self._thread: threading.Thread | None = None
        self._running = threading.Event()
        self._cable = threading.Event()
        self._cable.set()

    def __getattr__(self, name):
        return getattr(self._camera, name)

    def __eq__(self, other):
        return self._camera == getattr(other, "_camera", other)

    def __hash__(self):
        return hash(self._camera)

    def unplug(self):
        """Pull the cable: no further picture comes, and nobody is told. That is what libcamera shows of it."""
        self._cable.clear()

    def queue_request(self, request):
        self._waiting.put(request)

    def start(self, controls=None):
        self._camera.start(controls or {})
        self._running.set()
        self._thread = threading.Thread(target=self._run, name="paced camera", daemon=True)
        self._thread.start()

    def stop(self):
        self._running.clear()
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None
        self._waiting = queue.Queue()
        self._camera.stop()

    def _run(self):
        due = time.monotonic()
        while True:
            request = self._waiting.get()
            due = max(due + self._period_s, time.monotonic() - self._period_s)
            while self._running.is_set() and (late := due - time.monotonic()) > 0:
                time.sleep(min(late, 0.05))
            if request is None or not self._running.is_set():
                return
            if self._cable.is_set():
                self._camera.queue_request(request)
