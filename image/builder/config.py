"""What the image is made of: `vigil.toml` and the layers it names, read whole, every mistake at once."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from .errors import ConfigError
from .table import Problems, Table, raise_all

SIGNATURE = re.compile(r"[0-9a-f]{8}")
PACKAGE = re.compile(r"[a-z0-9][a-z0-9.+-]+|\?[a-z-]+\(.*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """`[disk]`: sizes of the partitions that the image holds."""

    boot_mib: int
    slot_mib: int
    root_mib: int
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """`[budget]`: what the image may weigh and cost."""

    root_mib: int
    compressed_mb: int
    first_build_min: int
    rebuild_s: int


@dataclass(frozen=True, slots=True)
class Pin:
    """A package that comes from another release than the first, and why."""

    release: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One file of `layers/`: everything it adds, each with its reason. See docs/design/image.md."""

    name: str
    about: str
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pins: dict[str, Pin] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    workshop: dict[str, str] = field(default_factory=dict)
    hardware: dict[str, str] = field(default_factory=dict)
    remove: dict[str, str] = field(default_factory=dict)
    python: Python | None = None
    initrd: Initrd | None = None
    boot: Boot | None = None
    modules: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Python:
    """`[python]`: the environment that the recorder runs in."""

    home: str
    locks: tuple[str, ...]
    from_source: tuple[str, ...]
    left_out: dict[str, str]
    entries: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Initrd:
    """`[initrd]`: what dracut puts into the first root."""

    modules: tuple[str, ...]
    first: tuple[str, ...]
    drivers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """`[boot]`: what lies on p1, p2 and p3; paths are inside the hardware tree."""

    kernel: str
    tree_place: str
    uboot: str
    uboot_virt: str
    files: tuple[str, ...]
    device_trees: tuple[str, ...]
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The whole configuration: layers from the ground up, the board last."""

    name: str
    board: str
    disk: Disk
    budget: Budget
    layers: tuple[Layer, ...]

    @property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """Releases and their components; the first is the ground."""
        return {release: parts for layer in self.layers for release, parts in layer.sources.items()}

    def pins(self) -> dict[str, Pin]:
        """All pins of all layers."""
        return {name: pin for layer in self.layers for name, pin in layer.pins.items()}

    def packages(self, kind: str) -> list[str]:
        """Names of the packages of one kind (`packages`, `workshop`, `hardware`), from all layers, sorted."""
        kinds = {"packages", "workshop", "hardware"}
        assert kind in kinds
        return sorted({name for layer in self.layers for name in getattr(layer, kind)})

    def removals(self) -> list[str]:
        """Paths that the root does without."""
        return sorted({path for layer in self.layers for path in layer.remove})

    @property
    def python(self) -> Python:
        """The environment, from the one layer that describes it."""
        return next(layer.python for layer in self.layers if layer.python)

    @property
    def initrd(self) -> Initrd:
        """The first root, from the one layer that describes it."""
        return next(layer.initrd for layer in self.layers if layer.initrd)

    @property
    def boot(self) -> Boot:
        """What the board starts from."""
        return next(layer.boot for layer in self.layers if layer.boot)

    @property
    def modules(self) -> tuple[str, ...]:
        """Beginnings of the paths of kernel modules that are kept."""
        return tuple(start for layer in self.layers for start in layer.modules)

    @property
    def firmware(self) -> tuple[str, ...]:
        """Patterns of the firmware files that are kept."""
        return tuple(pattern for layer in self.layers for pattern in layer.firmware)


def read_image(path: Path, board: str | None = None) -> Image:
    """
    Read `vigil.toml` and the layers beside it; `board` replaces the one that the file names.

    Raises:
        ConfigError: with every mistake of every file.
    """
    problems: Problems = []
    top = Table(_toml(path, problems), f"{path.name}:", problems)
    name = top.take_text("name")
    named_board = top.take_text("board")
    layers = [*top.take_list("layers"), board or named_board]
    disk = _disk(top.take_table("disk"))
    budget = _budget(top.take_table("budget"))
    top.finish()
    read = tuple(_layer(path.parent / "layers" / f"{one}.toml", problems) for one in layers if one)
    image = Image(name=name, board=layers[-1], disk=disk, budget=budget, layers=read)
    _check_whole(image, problems)
    raise_all(problems)
    return image


def _toml(path: Path, problems: Problems) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(f"{path.name}: there is no such file in {path.parent.name}/")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path.name}: {error}")
    return {}


def _disk(table: Table) -> Disk:
    disk = Disk(
        boot_mib=table.take_count("boot_mib"),
        slot_mib=table.take_count("slot_mib"),
        root_mib=table.take_count("root_mib"),
        signature=table.take_text("signature"),
    )
    if disk.signature and not SIGNATURE.fullmatch(disk.signature):
        table.object_to("must be eight of 0-9 a-f", "signature")
    if 0 < disk.boot_mib < 64:
        table.object_to("FAT32 needs at least 64 MiB", "boot_mib")
    table.finish()
    return disk


def _budget(table: Table) -> Budget:
    budget = Budget(
        root_mib=table.take_count("root_mib"),
        compressed_mb=table.take_count("compressed_mb"),
        first_build_min=table.take_count("first_build_min"),
        rebuild_s=table.take_count("rebuild_s"),
    )
    table.finish()
    return budget


def _layer(path: Path, problems: Problems) -> Layer:
    before = len(problems)
    values = _toml(path, problems)
    if len(problems) > before:
        return Layer(name=path.stem, about="")
    table = Table(values, f"layers/{path.name}:", problems)
    layer = Layer(
        name=path.stem,
        about=table.take_text("about"),
        sources=table.take_lists("sources"),
        pins={name: _pin(name, both, table) for name, both in table.take_lists("pins").items()},
        packages=table.take_reasons("packages"),
        workshop=table.take_reasons("workshop"),
        hardware=table.take_reasons("hardware"),
        remove=table.take_reasons("remove"),
        python=_python(table.take_table("python")) if "python" in table else None,
        initrd=_initrd(table.take_table("initrd")) if "initrd" in table else None,
        boot=_boot(table.take_table("boot")) if "boot" in table else None,
        modules=_keep(table.take_table("modules")),
        firmware=_keep(table.take_table("firmware")),
    )
    for kind in ("packages", "workshop", "hardware"):
        for name in getattr(layer, kind):
            if not PACKAGE.fullmatch(name):
                table.object_to("is not the name of a Debian package", f"{kind}.{name}")
    for path_there in layer.remove:
        if path_there.startswith("/") or ".." in path_there.split("/"):
            table.object_to("must be a path inside the root, without / in front", f"remove.{path_there}")
    table.finish()
    return layer


def _pin(name: str, both: tuple[str, ...], table: Table) -> Pin:
    if len(both) == 2:
        return Pin(*both)
    table.object_to("give the release and the reason", f"pins.{name}")
    return Pin("", "")


def _python(table: Table) -> Python:
    python = Python(
        home=table.take_text("home"),
        locks=table.take_list("locks"),
        from_source=table.take_list("from_source"),
        left_out=table.take_reasons("left_out"),
        entries=table.take_reasons("entries"),
    )
    table.finish()
    return python


def _initrd(table: Table) -> Initrd:
    initrd = Initrd(
        modules=table.take_list("modules"), first=table.take_list("first"), drivers=table.take_list("drivers")
    )
    table.finish()
    return initrd


def _boot(table: Table) -> Boot:
    boot = Boot(
        kernel=table.take_text("kernel"),
        tree_place=table.take_text("tree_place"),
        uboot=table.take_text("uboot"),
        uboot_virt=table.take_text("uboot_virt"),
        files=table.take_list("files"),
        device_trees=table.take_list("device_trees"),
        arguments=table.take_list("arguments"),
    )
    table.finish()
    return boot


def _keep(table: Table) -> tuple[str, ...]:
    kept = table.take_list("keep")
    table.finish()
    return kept


def _check_whole(image: Image, problems: Problems) -> None:
    """What only shows when all layers lie on each other."""
    for layer in image.layers:
        for name, pin in layer.pins.items():
            if pin.release and pin.release not in image.sources:
                problems.append(f"layers/{layer.name}.toml:pins.{name}: no layer has {pin.release!r} in its sources")
    for part in ("python", "initrd", "boot"):
        said = [layer.name for layer in image.layers if getattr(layer, part) is not None]
        if len(said) != 1:
            problems.append(f"[{part}]: one layer must have it, found {', '.join(said) or 'none'}")
    if not image.sources:
        problems.append("[sources]: no layer says where packages come from")


__all__ = ["Boot", "Budget", "ConfigError", "Disk", "Image", "Initrd", "Layer", "Pin", "Python", "read_image"]
