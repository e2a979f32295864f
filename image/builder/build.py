"""The whole build, step by step: each step's product is kept until something it was made from changes."""

from __future__ import annotations

import ast
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import archive, bytecode, card, fat, ground, initrd, kernel, root, slot, trees, venv, wheels
from .cache import Cache, hash_of, hash_of_files
from .config import Image
from .verity import Verity, pack, seal

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the image is made from besides packages: parts of the checkout."""

    checkout: Path
    epoch: int

    @property
    def system(self) -> Path:
        """The system's own files."""
        return self.checkout / "image/system"

    @property
    def version(self) -> str:
        """The product's version."""
        project = tomllib.loads((self.checkout / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])

    def hash_of(self, *names: str) -> str:
        """One hash for files and directories of the checkout, as far as they exist."""
        return hash_of_files(*(path for name in names if (path := self.checkout / name).exists()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The products of one build, each a directory of the cache."""

    debian: Path
    hardware: Path
    workshop: Path
    fetched: Path
    compiled: Path
    wheel: Path
    ground: Path
    initrd: Path
    root: Path
    boot: Path
    card: Path

    @property
    def image(self) -> Path:
        """The file that is flashed, unpacked."""
        return self.card / "card.img"

    @property
    def kernel(self) -> str:
        """The kernel's version."""
        return (self.boot / "kernel").read_text(encoding="ascii")

    @property
    def verity(self) -> Verity:
        """What opens the root."""
        return Verity.read(self.root / "verity.json")


def code(*modules: object) -> str:
    """A hash of the builder's own code, not of its layout: a step is made anew when what makes it changes."""
    names = [str(getattr(module, "__name__", module)).rpartition(".")[2] for module in modules]
    sources = ((HERE / f"{name}.py").read_text(encoding="utf-8") for name in names)
    return hash_of({name: ast.dump(ast.parse(source)) for name, source in zip(names, sources, strict=True)})


def commit_time(checkout: Path) -> int:
    """When what the image is made from last changed, in seconds since 1970: the time that every file in it bears."""
    names = ["firmware", "image", "pyproject.toml"]
    command = ["git", "-c", "safe.directory=*", "-C", str(checkout), "log", "-1", "--format=%ct", "--", *names]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return int(said) if said else archive.EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build: what is to be made, from what, and where products are kept. Each method is a step."""

    image: Image
    sources: Sources
    cache: Cache

    def all(self, own: Mapping[str, bytes], overlays: Mapping[str, bytes]) -> Parts:
        """Make the card and all before it; `own` are the project's files for p1, `overlays` those for each slot."""
        debian, hardware, workshop = self.tree("packages"), self.tree("hardware"), self.tree("workshop")
        fetched = self.fetched()
        compiled = self.compiled(fetched, debian, workshop)
        libraries = self.libraries(debian, fetched, compiled)
        whole = self.ground(debian, hardware, libraries)
        first = self.initrd(whole, workshop)
        wheel = self.wheel()
        packed = self.root(whole, wheel)
        boot = self.boot(hardware)
        ingredients = card.Ingredients(root=packed, hardware=boot, initrd=first, overlays=overlays, own=own)
        return Parts(
            debian=debian,
            hardware=hardware,
            workshop=workshop,
            fetched=fetched,
            compiled=compiled,
            wheel=wheel,
            ground=whole,
            initrd=first,
            root=packed,
            boot=boot,
            card=self.card(ingredients),
        )

    def tree(self, kind: str) -> Path:
        """Debian packages of one kind, installed or taken apart."""
        name = {"packages": "debian"}.get(kind, kind)
        inputs = archive.tree_inputs(self.image, kind)
        return self.cache.product(name, inputs, lambda product: archive.make_tree(self.image, kind, product))

    def fetched(self) -> Path:
        """The recorder's libraries, as the package index has them."""
        python = self.image.python
        inputs = {
            "locks": self.sources.hash_of(*python.locks),
            "from source": list(python.from_source),
            "left out": sorted(python.left_out),
            "code": code(wheels),
        }
        return self.cache.product(
            "fetched", inputs, lambda product: wheels.fetch(product, python, self.sources.checkout)
        )

    def compiled(self, fetched: Path, debian: Path, workshop: Path) -> Path:
        """Those libraries that the index has as source only."""
        inputs = {
            "debian": debian.name,
            "workshop": workshop.name,
            "code": code(wheels),
            "sources": (fetched / "sources.txt").read_text(encoding="utf-8"),
        }

        def make(product: Path) -> None:
            places = [archive.unpack(tree, product / name) for tree, name in ((debian, "root"), (workshop, "tools"))]
            wheels.compile_sources(product, fetched, places)
            for place in places:
                shutil.rmtree(place)

        return self.cache.product("compiled", inputs, make)

    def libraries(self, debian: Path, fetched: Path, compiled: Path) -> Path:
        """The recorder's environment, without the recorder."""
        inputs = {
            "debian": debian.name,
            "fetched": fetched.name,
            "compiled": compiled.name,
            "entries": self.image.python.entries,
            "code": code(ground, venv, bytecode),
        }
        places = (fetched / "wheels", compiled / "wheels")
        return self.cache.product(
            "libraries", inputs, lambda product: ground.make_libraries(product, self.image, debian, *places)
        )

    def ground(self, debian: Path, hardware: Path, libraries: Path) -> Path:
        """All of the root that changes rarely."""
        inputs = {
            "debian": debian.name,
            "hardware": hardware.name,
            "libraries": libraries.name,
            "remove": self.image.removals(),
            "modules": list(self.image.modules),
            "firmware": list(self.image.firmware),
            "code": code(ground, kernel, bytecode),
        }
        return self.cache.product(
            "ground", inputs, lambda product: ground.make_ground(product, self.image, debian, hardware, libraries)
        )

    def initrd(self, whole: Path, workshop: Path) -> Path:
        """The first root."""
        inputs = {
            "ground": whole.name,
            "workshop": workshop.name,
            "settings": initrd.settings(self.image.initrd, []),
            "own": self.sources.hash_of("image/system/dracut"),
            "code": code(initrd),
        }
        system = self.sources.system
        return self.cache.product(
            "initrd", inputs, lambda product: initrd.make_initrd(product, self.image.initrd, whole, workshop, system)
        )

    def wheel(self) -> Path:
        """The recorder itself."""
        parts = ("firmware/vigil", "pyproject.toml", "README.md", "LICENSE")
        inputs = {"source": self.sources.hash_of(*parts), "code": code(venv)}
        return self.cache.product("wheel", inputs, lambda product: venv.make_wheel(product, self.sources.checkout))

    def root(self, whole: Path, wheel: Path) -> Path:
        """The root, packed, with its tree of hashes."""
        epoch, system = self.sources.epoch, self.sources.system
        inputs = {
            "ground": whole.name,
            "wheel": wheel.name,
            "system": hash_of_files(system),
            "board": self.image.board,
            "epoch": epoch,
            "code": code(root, trees, venv, bytecode, "verity"),
        }
        release = {
            "IMAGE_ID": self.image.name,
            "IMAGE_VERSION": self.sources.version,
            "VARIANT_ID": self.image.board,
            "BUILD_ID": hash_of(inputs),
        }

        def make(product: Path) -> None:
            tree = root.assemble(product / "parts", self.image, whole, wheel, system)
            root.name_it(tree, release, epoch)
            pack(tree, product / "root.img", epoch)
            seal(product / "root.img").write(product / "verity.json")
            shutil.rmtree(product / "parts")

        return self.cache.product("root", inputs, make)

    def boot(self, hardware: Path) -> Path:
        """The few files of the hardware tree that end up on p1, p2 and p3, laid out."""
        said = self.image.boot
        notice = "usr/share/doc/raspi-firmware/copyright"
        patterns = sorted({said.kernel, said.tree_place, said.uboot, said.uboot_virt, notice, *said.files})

        def make(product: Path) -> None:
            everything = archive.unpack(hardware, product / "all")
            (product / "kernel").write_text(kernel.version_of(everything), encoding="ascii")
            for path in (path for pattern in patterns for path in everything.glob(pattern)):
                target = product / path.relative_to(everything)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)
            shutil.rmtree(everything)

        return self.cache.product("boot", {"hardware": hardware.name, "patterns": patterns}, make)

    def card(self, ingredients: card.Ingredients) -> Path:
        """The file that is flashed."""
        inputs = {
            "root": ingredients.root.name,
            "hardware": ingredients.hardware.name,
            "initrd": ingredients.initrd.name,
            "own": {name: content.hex() for name, content in ingredients.own.items()},
            "overlays": {name: content.hex() for name, content in ingredients.overlays.items()},
            "epoch": self.sources.epoch,
            "disk": repr(self.image.disk),
            "layer": repr(self.image.boot),
            "code": code(card, slot, fat, "disk"),
        }
        epoch = self.sources.epoch
        return self.cache.product(
            "card", inputs, lambda product: card.make_card(product, self.image, ingredients, epoch)
        )
