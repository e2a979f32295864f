"""
A real RTSP camera for the tests: gst-rtsp-server in a process of its own.

Imported, it gives `RtspServer`. Run by `/usr/bin/python3` (the only Python that
has the GStreamer bindings), it is the server:

    /usr/bin/python3 tests/fakes/rtsp_server.py '{"mounts": {"/main": "clip.mp4"}}'

It prints ``port N`` once it listens and ends when its standard input closes, so
that it never outlives a test that was killed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any

# What stands between a file and the network; ends in "pay0".
_DEMUX = {"mp4": "qtdemux name=demux demux.video_0 !", "ts": "tsdemux name=demux demux. !", "h264": "", "h265": ""}
_PAY = {
    "h264": "h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "h265": "h265parse ! rtph265pay name=pay0 pt=96 config-interval=-1",
}
_AUDIO = "demux.audio_0 ! queue ! aacparse ! rtpmp4gpay name=pay1 pt=97"


def launch_line(file: Path, *, codec: str = "h264", audio: bool = False) -> str:
    """
    Return the GStreamer pipeline that plays a file once, at its own pace.

    A client of one with `audio` must take the sound too: this server sometimes
    never starts a pipeline of which only a part was asked for.
    """
    line = f"filesrc location={file} ! {_DEMUX[file.suffix[1:]]} queue ! {_PAY[codec]}"
    return f"( {line} {_AUDIO} )" if audio else f"( {line} )"


def endless_line(*, width: int = 320, height: int = 240, fps: int = 25, kbit_s: int = 500) -> str:
    """Return the pipeline of a camera that never ends: a bouncing ball."""
    caps = f"video/x-raw,width={width},height={height},framerate={fps}/1"
    encoder = f"x264enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} bitrate={kbit_s}"
    return f"( videotestsrc is-live=true pattern=ball ! {caps} ! {encoder} ! {_PAY['h264']} )"


class RtspServer:
    """
    A running server; use it as a context manager.

    `mounts` maps paths to pipelines (`launch_line`, `endless_line`). Each client
    gets a pipeline of its own, from the first picture on. `stop` ends it as a
    pulled plug does (connections break); `start` brings it back on the same port.
    """

    def __init__(self, mounts: dict[str, str], *, user: str = "", password: str = "") -> None:
        self._spec: dict[str, Any] = {"mounts": mounts, "user": user, "password": password, "port": 0}
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self, mounts: dict[str, str] | None = None) -> None:
        """Start (again), with other mounts if given."""
        if mounts is not None:
            self._spec["mounts"] = mounts
        command = ["/usr/bin/python3", str(Path(__file__).resolve()), json.dumps(self._spec)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("port "):
            self.stop()
            raise RuntimeError(f"the RTSP server did not start: {line!r}")
        self._spec["port"] = int(line.split()[1])

    def stop(self) -> None:
        """Kill the server; its port stays ours for `start`."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    def url(self, path: str, *, user: str = "", password: str = "") -> str:
        """Return the address of a mount."""
        who = f"{user}:{password}@" if user else ""
        return f"rtsp://{who}127.0.0.1:{self._spec['port']}{path}"

    @property
    def pid(self) -> int:
        """Return the server's process id (to freeze it with SIGSTOP)."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> RtspServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def serve(spec: dict[str, Any], stdin: IO[str]) -> None:
    """Serve until standard input closes."""
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(spec["port"]))
    for path, line in spec["mounts"].items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(line)
        factory.set_shared(False)
        if spec["user"]:
            role = GstRtspServer.RTSPToken()
            role.set_string("media.factory.role", "user")
            auth = GstRtspServer.RTSPAuth()
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(spec["user"], spec["password"]), role)
            server.set_auth(auth)
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role("user", "media.factory.access", True)
            permissions.add_permission_for_role("user", "media.factory.construct", True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(path, factory)
    loop = GLib.MainLoop()
    GLib.io_add_watch(stdin, GLib.IO_HUP, lambda *_: loop.quit())
    if not server.attach(None):
        sys.exit("the port is taken")
    print(f"port {server.get_bound_port()}", flush=True)
    loop.run()


if __name__ == "__main__":
    serve(json.loads(sys.argv[1]), sys.stdin)
