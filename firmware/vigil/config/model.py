"""
Every setting there is, with its default, the values it accepts and what it means.

This is the one place: reading, `vigil config default` and the tables of
docs/ref/config.md all follow from it. A setting is an annotated field: its
kind, one line of meaning, and where needed a mark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

from vigil.config.kinds import Address, Choice, Flag, Number, Polygon, Polygons, Recipients, Text, Whole
from vigil.config.kinds_lists import Words
from vigil.config.model_panel import Arm, Button, Lamps, Usb
from vigil.config.model_presence import Member, Presence
from vigil.config.model_rule import Rule, Site
from vigil.config.model_sensor import Location, Sensor
from vigil.config.model_storage import Storage
from vigil.config.model_ups import Ups
from vigil.config.setting import Mark, Only

SCHEMA = 1
"""The schema this version writes; files of older ones are migrated forward, into a copy of this version's own."""

SourceName = Literal["replay", "synthetic", "rtsp", "v4l2", "picamera2"]
Mode = Literal["continuous", "motion", "keyframes+motion"]
PrivateState = Literal["disarmed", "armed_home", "armed_night"]
MotionMethod = Literal["blocks", "mog2", "off"]
LogLevel = Literal["debug", "info", "warning", "error"]


_ENCODED_HERE = Only(("synthetic", "v4l2", "picamera2"))


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """`[system]`: the box as a whole."""

    name: Annotated[str, Text(64), "What the box is called in journals, exports and on the screen."] = "Vigil"
    log_level: Annotated[LogLevel, Choice(get_args(LogLevel)), "The least important log lines that are written."] = (
        "info"
    )
    hostname: Annotated[
        str,
        Text(63, "[a-z0-9]([a-z0-9-]*[a-z0-9])?", "1 to 63 of a–z, 0–9 and - (not at either end)"),
        "What the box is called in the network: HOSTNAME.local. Only the image heeds it.",
    ] = "vigil"
    time_zone: Annotated[
        str,
        Text(64, "[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", "a name such as Europe/Vienna"),
        "Where the box stands, for times that people read. Only the image heeds it.",
    ] = "UTC"


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """`[network]`: how the box is reached. Only the image heeds it."""

    address: Annotated[
        str,
        Text(64, r"[0-9a-fA-F.:]+/[0-9]{1,3}", "an address with the length of its network, such as 192.168.1.20/24"),
        "A fixed address on the cable. Without one the network is asked (DHCP).",
    ] = ""
    gateway: Annotated[
        str, Text(64, "[0-9a-fA-F.:]+", "an address such as 192.168.1.1"), "The router, beside a fixed address."
    ] = ""
    dns: Annotated[
        str, Text(64, "[0-9a-fA-F.:]+", "an address such as 192.168.1.1"), "Who knows names, beside a fixed address."
    ] = ""
    wifi_name: Annotated[str, Text(32), "The radio network to join. Without one the radio stays off."] = ""
    wifi_password: Annotated[
        str,
        Text(63, "[ -~]{8,63}", "8 to 63 characters of ASCII"),
        "Its password; without one only open networks.",
        Mark.SECRET,
    ] = field(default="", repr=False)
    wifi_country: Annotated[
        str,
        Text(2, "[A-Z]{2}|00", "two capital letters, such as AT, or 00 for the least everywhere"),
        "Whose rules for radio hold here.",
    ] = "00"


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """`[owner]`: who may open recordings."""

    recipients: Annotated[
        tuple[str, ...],
        Recipients(),
        "Public keys of those who may open recordings. While there is none, nothing is written to the disk.",
    ] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Motion:
    """`[camera.motion]`: what counts as motion in front of this camera."""

    method: Annotated[
        MotionMethod,
        Choice(get_args(MotionMethod)),
        "How motion is found: block sums (cheap), OpenCV's MOG2, or not at all (continuous recording only).",
    ] = "blocks"
    sensitivity: Annotated[int, Whole(0, 100), "0 sees only the boldest motion, 100 the faintest."] = 50
    minimum_area_pct: Annotated[
        float, Number(0.01, 100), "Smaller motion is ignored; in percent of the watched area of the picture."
    ] = 0.2
    zones: Annotated[tuple[Polygon, ...], Polygons(), "Where motion counts. Without zones: everywhere."] = ()
    masks: Annotated[
        tuple[Polygon, ...], Polygons(), "Where motion never counts, zones or not; the area is recorded all the same."
    ] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Camera:
    """`[[camera]]`: one camera; one such table for each."""

    id: Annotated[
        str,
        Text(32, "[a-z0-9]([a-z0-9-]*[a-z0-9])?", "1 to 32 of a–z, 0–9 and - (not at either end)"),
        "Name in file names, journals and commands; recordings stay under it, so choose it once.",
        Mark.ESSENTIAL,
    ]
    source: Annotated[SourceName, Choice(get_args(SourceName)), "What kind of camera it is.", Mark.ESSENTIAL]
    enabled: Annotated[bool, Flag(), "false: the camera is not opened at all.", Mark.ESSENTIAL] = True
    record: Annotated[
        bool, Flag(), "false: a privacy pause, noted in the journal; watched, but nothing is kept.", Mark.ESSENTIAL
    ] = True
    private: Annotated[
        tuple[PrivateState, ...],
        Words(get_args(PrivateState)),
        "In these states of the alarm nothing is kept of it, for privacy; lamp and page say so.",
        Mark.ESSENTIAL,
    ] = ()
    mode: Annotated[
        Mode,
        Choice(get_args(Mode)),
        "What is kept: everything; events with what led to them; or keyframes always and everything around events.",
    ] = "continuous"

    url: Annotated[str, Address(), "The main stream.", Only(("rtsp",), required=True), Mark.ESSENTIAL, Mark.SECRET] = (
        field(default="", repr=False)
    )
    sub_url: Annotated[
        str,
        Address(),
        "The camera's small stream, for motion; it saves most of the work.",
        Only(("rtsp",)),
        Mark.SECRET,
    ] = field(default="", repr=False)
    audio: Annotated[bool, Flag(), "true: keep the camera's AAC sound too.", Only(("rtsp",)), Mark.ESSENTIAL] = False
    connect_timeout_s: Annotated[
        int, Whole(1, 120), "How long opening the stream may take before it is tried again.", Only(("rtsp",))
    ] = 10
    path: Annotated[
        str,
        Text(4096),
        "The video file that is played as a camera; relative to the data directory.",
        Only(("replay",), required=True),
        Mark.ESSENTIAL,
    ] = ""
    loop: Annotated[
        bool, Flag(), "true: begin again at the file's end; false: the camera ends there.", Only(("replay",))
    ] = True
    device: Annotated[
        str,
        Text(255, r"/dev/[A-Za-z0-9._:/+-]+", "a path below /dev, such as /dev/video0 or /dev/v4l/by-id/…"),
        "The USB camera's device; names below /dev/v4l/by-id survive replugging.",
        Only(("v4l2",), required=True),
        Mark.ESSENTIAL,
    ] = ""
    index: Annotated[
        int,
        Whole(0, 15),
        "Which ribbon-cable camera, as `rpicam-hello --list-cameras` counts.",
        Only(("picamera2",)),
        Mark.ESSENTIAL,
    ] = 0
    width: Annotated[
        int, Whole(64, 7680, even=True), "Picture width in pixels; the nearest that the camera offers.", _ENCODED_HERE
    ] = 1920
    height: Annotated[
        int, Whole(64, 4320, even=True), "Picture height in pixels; the nearest that the camera offers.", _ENCODED_HERE
    ] = 1080
    fps: Annotated[int, Whole(1, 60), "Pictures a second.", _ENCODED_HERE] = 15
    bit_rate_kbps: Annotated[
        int, Whole(64, 50_000), "Kilobits a second that the encoder aims at; 4000 is 43 GB a day.", _ENCODED_HERE
    ] = 4000

    location: Annotated[Location, Choice(get_args(Location)), "Where it looks; rules can ask for it."] = "indoor"
    pre_roll_s: Annotated[int, Whole(1, 60), "Seconds kept from before an event."] = 5
    post_roll_s: Annotated[int, Whole(1, 600), "Seconds kept after the last motion of an event."] = 10
    read_timeout_s: Annotated[
        int, Whole(2, 120), "Seconds without a picture after which the camera counts as lost and is opened again."
    ] = 10
    keep_days: Annotated[
        int, Whole(1, 3650, "as storage.keep_days says"), "Days after which recordings of this camera are deleted."
    ] = 0
    maximum_bytes: Annotated[
        int, Whole(1_048_576, 1_000_000_000_000_000, "no limit of its own"), "Recordings of this camera take no more."
    ] = 0
    motion: Motion = Motion()


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """`[recording]`: how light becomes files."""

    segment_s: Annotated[int, Whole(10, 300), "Length of a file; the next begins at the first keyframe after it."] = 60
    loss_s: Annotated[
        int, Whole(2, 10), "Seconds of video that a power cut may cost at most; more wears the card less."
    ] = 2
    ring_bytes: Annotated[
        int,
        Whole(1_048_576, 1_073_741_824),
        "Memory for each camera's pre-roll, at most; when it is full the pre-roll is shorter, and says so.",
    ] = 33_554_432


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """`[journal]`: the record of everything that happens."""

    checkpoint_s: Annotated[int, Whole(5, 60), "Seconds between signed checkpoints while anything is added."] = 60
    keep_days: Annotated[
        int, Whole(1, 3650, "no limit"), "Days after which the words of entries go; their digests stay for ever."
    ] = 0


DEMO = Camera(id="demo", source="synthetic", width=1280, height=720, bit_rate_kbps=2000)
"""The camera of somebody who tries it out with `vigil run` and has configured none: a drawn clock, moving shapes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """One configuration, whole and checked. `Config()` is what holds without a file: no camera, so no recording."""

    system: System = System()
    owner: Owner = Owner()
    cameras: tuple[Camera, ...] = ()
    recording: Recording = Recording()
    storage: Storage = field(default_factory=Storage)
    journal: Journal = Journal()
    network: Network = Network()
    arm: Arm = field(default_factory=Arm)
    button: Button = field(default_factory=Button)
    lamps: Lamps = field(default_factory=Lamps)
    usb: Usb = field(default_factory=Usb)
    location: Site = field(default_factory=Site)
    sensors: tuple[Sensor, ...] = ()
    rules: tuple[Rule, ...] = ()
    ups: Ups = field(default_factory=Ups)
    presence: Presence = field(default_factory=Presence)
    members: tuple[Member, ...] = ()


TABLES: dict[str, type[Any]] = {
    "system": System,
    "owner": Owner,
    "recording": Recording,
    "storage": Storage,
    "journal": Journal,
    "network": Network,
    "arm": Arm,
    "button": Button,
    "lamps": Lamps,
    "usb": Usb,
    "location": Site,
    "ups": Ups,
    "presence": Presence,
}
"""The tables that a file has at most once, by name; beside them it has `schema`, each `[[camera]]` and `LISTS`."""

LISTS: dict[str, type[Any]] = {"sensor": Sensor, "rule": Rule, "presence.member": Member}
"""The tables that a file has as often as the owner likes, each with an `id`; some lie within another table."""


def attribute_of(name: str) -> str:
    """Return what `Config` calls one of `LISTS`: the last part of its name, in the plural."""
    return f"{name.rpartition('.')[2]}s"


def within(table: str) -> list[str]:
    """Return the keys of a table that are lists of tables within it."""
    return [name.partition(".")[2] for name in LISTS if name.startswith(f"{table}.")]
