"""`python -m builder [run|check]`: make the image, start it on an emulated board, or say what of it is overtaken."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from boot.overlays import compiled_overlays
from boot.products import boot_files

from . import emulation, machine, outdated
from .budgets import Weight, excesses, is_rebuild
from .build import Build, Parts, Sources, code, commit_time
from .cache import Cache
from .config import Image, read_image
from .errors import BuildError, OverBudget
from .publish import Release, compress, publish

CHECKOUT = Path(__file__).resolve().parents[2]
PLACE = CHECKOUT / "var/image"


def main() -> int:
    """Read the command line, and do what it says."""
    words = argparse.ArgumentParser(prog="builder", description=__doc__)
    words.add_argument("what", nargs="?", choices=["make", "run", "check"], default="make", help="(%(default)s)")
    words.add_argument("--board", help="another board's layer than vigil.toml names")
    words.add_argument("--out", type=Path, default=PLACE, help="where the image goes (%(default)s)")
    words.add_argument("--setup", type=Path, help="run: a set-up file for the card (a drawn camera's)")
    said = words.parse_args()
    image = read_image(CHECKOUT / "image/vigil.toml", said.board)
    if said.what == "check":
        return check(image, said.out)
    if os.geteuid() != 0:
        raise BuildError("making a root needs root: run it with sudo -E")
    emulation.ready()
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or commit_time(CHECKOUT))
    sources = Sources(checkout=CHECKOUT, epoch=epoch)
    cache = Cache(Path(os.environ.get("IMAGE_CACHE") or Path.home() / ".cache/vigil/image"))
    build = Build(image=image, sources=sources, cache=cache)
    parts = build.all(boot_files(image.board), compiled_overlays())
    if said.what == "make":
        make(build, parts, said.out)
    cache.sweep()
    return machine.start(parts, image, said.out, said.setup) if said.what == "run" else 0


def check(image: Image, place: Path) -> int:
    """Compare the image in `place` with what Debian has today; 1 if something in it has been overtaken."""
    bills = sorted(place.glob(f"{image.name}-*-{image.board}.bill.cdx.json"))
    if not bills:
        raise BuildError(f"there is no image for {image.board} in {place}: `make image` makes it")
    found = outdated.check(image, bills[-1])
    text = outdated.report(found, bills[-1].name)
    bills[-1].with_name(bills[-1].name.replace(".bill.cdx.json", ".check.txt")).write_text(text, encoding="utf-8")
    print(text, end="")
    return 0 if found.is_clean else 1


def make(build: Build, parts: Parts, place: Path) -> None:
    """
    Write what goes out to `place`, and say what it weighs.

    Raises:
        OverBudget: if it is more than `vigil.toml` allows; the files are there to be looked at.
    """
    image, sources, cache = build.image, build.sources, build.cache
    update = build.update(parts) if build.publisher.key else None
    inputs = {"card": parts.card.name, "code": code("publish", "xz", "again", "repeats")}
    packed = cache.product("packed", inputs, lambda product: compress(product, parts))
    key = os.environ.get("IMAGE_KEY")
    release = Release(name=image.name, version=sources.version, board=image.board, epoch=sources.epoch)
    address = os.environ.get("IMAGE_ADDRESS", "")
    published = publish(
        image, parts, release, packed, place, update=update, key=Path(key) if key else None, address=address
    )
    weight = Weight.of(
        cache.steps, root_bytes=parts.verity.size_bytes, compressed_bytes=published["image"]["size_bytes"]
    )
    told = f"root {weight.root_bytes / (1 << 20):.0f} MiB, image {weight.compressed_bytes / 1e6:.0f} MB"
    print(f"{place / published['image']['file']}: {told}, {weight.seconds:.0f} s, of work {weight.cpu_seconds:.0f} s")
    if update is None:
        print("no update was made: give the path of the publisher's key in IMAGE_UPDATE_KEY")
    elif build.publisher.is_development:
        print("cards of this build take updates from whoever has this machine's development key: not for release")
    if not key:
        print("not signed: give the path of an Ed25519 key in IMAGE_KEY")
    over = excesses(image.budget, weight, rebuild=is_rebuild(cache.steps))
    if over:
        raise OverBudget("\n".join(over))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BuildError as error:
        sys.exit(f"image: {error}")
