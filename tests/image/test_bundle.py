"""Updates as the builder packs them, judged by the very RAUC that is in the image: each refused for its own reason."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from boot.products import cache_directory
from builder import updates as root_settings
from builder.archive import tree_inputs
from builder.bundle import Update, make_bundle
from builder.cache import hash_of
from builder.config import read_image
from builder.errors import BuildError
from builder.publisher import DEVELOPMENT, Publisher, make_publisher, publisher_of_this_build
from fakes.repository import ROOT
from fakes.updates import COMPATIBLE, EPOCH, refused_updates
from fakes.updating import UpdatedBox
from vigil.errors import UpdateRefused
from vigil.processes.rauc import Rauc
from vigil.upkeep.keyring import read_key
from vigil.upkeep.slots import SlotState
from vigil.upkeep.update_record import Phase

# RAUC is taken out of a tar file of 400 MB, and runs under user emulation.
pytestmark = [pytest.mark.slow, pytest.mark.host]

IMAGE = read_image(ROOT / "image/vigil.toml")
PARTS = ("./usr/bin/rauc", "./usr/lib/aarch64-linux-gnu", "./usr/lib/ld-linux-aarch64.so.1", "./lib", "./usr/lib/ssl")


@pytest.fixture(scope="module")
def rauc(tmp_path_factory: pytest.TempPathFactory) -> Rauc:
    """The image's RAUC, with the image's settings but for where things lie."""
    tree = cache_directory() / f"debian-{hash_of(tree_inputs(IMAGE, 'packages'))}" / "tree.tar"
    if not tree.exists():
        pytest.skip("the image's packages are not fetched yet; `make image` does")
    place = tmp_path_factory.mktemp("rauc")
    subprocess.run(["tar", "-x", "-f", tree, "-C", place, *PARTS], check=True)
    said = root_settings.settings(IMAGE.disk, name=IMAGE.name, board="debian", version="0.1.0")
    (place / "system.conf").write_text(said.replace("/vigil/state/rauc", str(place / "data")))
    return Rauc(words=("qemu-aarch64-static", "-L", str(place), f"{place}/usr/bin/rauc", f"--conf={place}/system.conf"))


@pytest.fixture
def box(tmp_path: Path, rauc: Rauc) -> UpdatedBox:
    """A box whose publisher is this machine's development key."""
    made = UpdatedBox(tmp_path / "box")
    made.updates._rauc = rauc
    (made.built_in / "publishers.pem").write_bytes(publisher_of_this_build().certificates)
    return made


def make(path: Path, by: Publisher, version: str = "2.0.0") -> Path:
    for name in ("boot", "root"):
        (path.parent / name).write_bytes(b"x" * 5)
    images = {name: path.parent / name for name in ("boot", "root")}
    make_bundle(path, Update(compatible=COMPATIBLE, version=version, build="b", images=images), by, EPOCH)
    return path


def test_what_the_builder_packs_is_what_rauc_and_the_box_read(box: UpdatedBox, tmp_path: Path):
    path = make(tmp_path / "good.raucb", publisher_of_this_build())

    bundle = box.updates.proved(str(path), box.look())

    assert (bundle.compatible, bundle.version, bundle.build) == (COMPATIBLE, "2.0.0", "b")
    assert bundle.sizes == {"boot": 5, "root": 5}


def test_what_is_no_good_is_refused_for_its_own_reason_and_nothing_is_changed(box: UpdatedBox, tmp_path: Path):
    place = tmp_path / "refused"
    place.mkdir()
    reasons = refused_updates(place)
    assert len(reasons) == len(list(place.iterdir())) == 6

    for name, why in reasons.items():
        with pytest.raises(UpdateRefused, match=why):
            box.install(place / f"{name}.raucb")
        assert box.state == SlotState() and box.updates.records.read().phase is Phase.NONE


def test_one_key_takes_over_from_another_which_is_then_revoked(box: UpdatedBox, tmp_path: Path):
    old, new = (make_publisher(name, bits=2048) for name in ("old", "new"))
    by_old, by_new = make(tmp_path / "old.raucb", old), make(tmp_path / "new.raucb", new)
    (box.built_in / "publishers.pem").write_bytes(old.certificates + new.certificates)
    for path in (by_old, by_new):
        assert box.updates.proved(str(path), box.look()).version == "2.0.0"

    (box.built_in / "revoked.txt").write_text(f"{read_key(old.certificates).key_id} it was lost\n")

    with pytest.raises(UpdateRefused, match=r"revoked \(old "):
        box.updates.proved(str(by_old), box.look())
    assert box.updates.proved(str(by_new), box.look()).version == "2.0.0"


def test_the_same_update_is_the_same_bytes(tmp_path: Path):
    publisher = publisher_of_this_build()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = (make(tmp_path / name / "u.raucb", publisher).read_bytes() for name in ("one", "two"))

    assert one == two
    assert make(tmp_path / "one/u.raucb", publisher, "2.0.1").read_bytes() != one


def test_a_development_key_says_so_and_a_key_of_somebody_else_is_no_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    mine, other = make_publisher("mine", bits=2048), make_publisher("other", bits=2048)
    (tmp_path / "certificates.pem").write_bytes(mine.certificates)
    (tmp_path / "key.pem").write_bytes(other.key or b"")
    assert publisher_of_this_build().is_development and "not for release" in DEVELOPMENT

    monkeypatch.setenv("IMAGE_UPDATE_CERTIFICATES", str(tmp_path / "certificates.pem"))
    assert publisher_of_this_build().key is None
    with pytest.raises(BuildError, match="IMAGE_UPDATE_KEY"):
        _ = publisher_of_this_build().private
    monkeypatch.setenv("IMAGE_UPDATE_KEY", str(tmp_path / "key.pem"))
    with pytest.raises(BuildError, match="does not belong"):
        _ = publisher_of_this_build().private
