"""The whole build, step by step: each step's product is kept until something it was made from changes."""

from __future__ import annotations

import ast
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import archive, bundle, bytecode, card, fat, ground, initrd, kernel, root, slot, trees, updates, venv, wheels
from .cache import Cache, hash_of, hash_of_files
from .config import Image
from .publisher import Publisher, publisher_of_this_build
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
    slot: Path
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
    """When what the image is made from last changed, in seconds since 1970: no file in it bears a later time."""
    # Not the builder: what it makes anew is as old as what it makes it from.
    parts = ("boot", "layers", "locks", "system", "update", "vigil.toml")
    locks = ("firmware/locks/runtime.txt", "tests/ground/trixie/picamera2.txt")
    names = ["firmware/vigil", "overlays", "pyproject.toml", *locks, *(f"image/{part}" for part in parts)]
    command = ["git", "-c", "safe.directory=*", "-C", str(checkout), "log", "-1", "--format=%ct", "--", *names]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return int(said) if said else archive.EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build: what is to be made, from what, and where products are kept. Each method is a step."""

    image: Image
    sources: Sources
    cache: Cache
    publisher: Publisher = field(default_factory=publisher_of_this_build)

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
        one_slot = self.slot(ingredients)
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
            slot=one_slot,
            card=self.card(ingredients, one_slot),
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
        epoch, system, name = self.sources.epoch, self.sources.system, self.image.name
        version, board = self.sources.version, self.image.board
        said = updates.settings(self.image.disk, name=name, board=board, version=version)
        revoked = (self.sources.checkout / "image/update/revoked.txt").read_bytes()
        certificates = self.publisher.certificates
        inputs = {
            "ground": whole.name,
            "updates": [said, certificates.decode(), revoked.decode()],
            "wheel": wheel.name,
            "system": hash_of_files(system),
            "board": board,
            "epoch": epoch,
            "code": code(root, updates, trees, venv, bytecode, "verity"),
        }
        release = {
            "IMAGE_ID": name,
            "IMAGE_VERSION": version,
            "VARIANT_ID": board,
            "BUILD_ID": hash_of(inputs),
        }

        def make(product: Path) -> None:
            tree = root.assemble(product / "parts", self.image, whole, wheel, system)
            updates.add_to(tree, said, certificates, revoked)
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

    def of_a_card(self, ingredients: card.Ingredients) -> dict[str, object]:
        """What a card is made from, and a slot."""
        return {
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

    def slot(self, ingredients: card.Ingredients) -> Path:
        """The partition beside the root: on the card twice, and in an update."""

        def make(product: Path) -> None:
            card.make_slot(product / "slot.img", self.image, ingredients, self.sources.epoch)

        inputs = self.of_a_card(ingredients)
        del inputs["own"]
        return self.cache.product("slot", inputs, make)

    def card(self, ingredients: card.Ingredients, one_slot: Path) -> Path:
        """The file that is flashed."""

        def make(product: Path) -> None:
            card.make_card(product, self.image, ingredients, one_slot / "slot.img", self.sources.epoch)

        return self.cache.product("card", self.of_a_card(ingredients) | {"slot": one_slot.name}, make)

    def update(self, parts: Parts, version: str | None = None) -> Path:
        """A bundle of this system; `version` is another than its own for tests alone."""
        said = bundle.Update(
            compatible=updates.compatible(self.image.name, self.image.board),
            version=version or self.sources.version,
            build=parts.root.name.rpartition("-")[2],
            images={"boot": parts.slot / "slot.img", "root": parts.root / "root.img"},
        )
        inputs = {
            "slot": parts.slot.name,
            "root": parts.root.name,
            "version": said.version,
            "publisher": self.publisher.certificates.decode(),
            "code": code(bundle, "publisher"),
        }
        epoch = self.sources.epoch

        def make(product: Path) -> None:
            bundle.make_bundle(product / "update.raucb", said, self.publisher, epoch)

        return self.cache.product("update", inputs, make) / "update.raucb"
