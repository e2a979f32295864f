"""
Picture memory without a graphics driver: what picamera2 takes from a DMA heap, taken from plain memory.

libcamera's virtual camera writes each plane of a picture on its own, and picamera2's allocator describes a picture as
one plane, on which libcamera aborts. So the planes are told apart here.
"""

from __future__ import annotations

import mmap
import os

import libcamera
from picamera2.allocators import Allocator


class _NoSync:
    """Plain memory needs no word to the kernel before it is read."""

    def __init__(self, allocator, buffer, write):
        self._memory = allocator.mapped_buffers[buffer]

    def __enter__(self):
        return self._memory

    def __exit__(self, *exc):
        pass


class PlaneAllocator(Allocator):  # type: ignore[misc]
    """NV12 pictures in memory files: one file each, a plane of brightness and one of colour."""

    def __init__(self):
        super().__init__()
        self.sync = _NoSync
        self.frame_buffers = {}
        self.mapped_buffers = {}
        self._fds = []

    def allocate(self, libcamera_config, use_case):
        self.close()
        for stream_config in libcamera_config:
            self.frame_buffers[stream_config.stream] = [
                self._picture(stream_config) for _ in range(stream_config.buffer_count)
            ]

    def buffers(self, stream):
        return self.frame_buffers[stream]

    def close(self):
        for fd in self._fds:
            os.close(fd)
        self._fds, self.frame_buffers, self.mapped_buffers = [], {}, {}

    def __del__(self):
        self.close()

    def _picture(self, stream_config):
        size = stream_config.frame_size
        grey = stream_config.stride * stream_config.size.height
        fd = os.memfd_create("picture")
        os.ftruncate(fd, size)
        self._fds.append(fd)
        buffer = libcamera.FrameBuffer([_plane(fd, 0, grey), _plane(fd, grey, size - grey)])
        self.mapped_buffers[buffer] = mmap.mmap(fd, size)
        return buffer


def _plane(fd, offset, length):
    plane = libcamera.FrameBuffer.Plane()
    plane.fd, plane.offset, plane.length = fd, offset, length
    return plane
