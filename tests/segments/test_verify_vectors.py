"""The published cases: each gives the verdict it promises, and each can be made again, byte for byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyrage
import pytest

from fakes.segment_vector_cases import write_all
from fakes.segment_vectors import VECTORS, Vector, files_below, vectors
from fakes.verifying import verified
from vigil.segments.note import NoteKey

CASES = vectors()


def test_there_are_vectors_good_and_bad_and_not_too_large():
    assert {vector.once["intact"] for vector in CASES} == {"yes", "no"}
    assert len(CASES) > 40
    assert sum(len(data) for _, data in files_below(VECTORS)) < 1_000_000


@pytest.mark.parametrize("vector", CASES, ids=lambda vector: vector.name)
def test_a_vector_gets_its_verdict(vector: Vector, tmp_path: Path):
    vector.lay_out(tmp_path)
    outside = [tmp_path / vector.once["checkpoint"]] if "checkpoint" in vector.once else []
    journal = tmp_path / vector.once["journal"] if "journal" in vector.once else None
    found = verified(tmp_path, identity=NoteKey.parse(vector.once["identity"]), checkpoints=outside, journal=journal)

    said = vector.many
    assert found.intact == (vector.once["intact"] == "yes")
    assert {
        f"{camera}/{seq}": verdict for camera, seq, verdict in said.get("verdict", [])
    }.items() <= found.verdicts.items()
    assert {
        f"{camera}/{first}-{last}": absence.replace("-", " ") for camera, first, last, absence in said.get("absent", [])
    }.items() <= found.absent.items()
    for camera, seq, line in said.get("line", []):
        assert found.why[f"{camera}/{seq}"].startswith(f"line {line}: ")
    for camera, seq, start, end in said.get("span", []):
        assert f"bytes {start} to {end} " in found.why[f"{camera}/{seq}"]
    assert {f"{camera}/{seq}" for camera, seq in said.get("anchored", [])} <= found.anchored
    for (word,) in said.get("trouble", []):
        assert any(word in trouble for trouble in found.troubles)
    if not found.troubles and vector.once["intact"] == "no":
        # What is promised to be wrong is all that is wrong.
        named = {f"{camera}/{seq}" for camera, seq, _ in said.get("verdict", [])}
        named |= {f"{camera}/{first}-{last}" for camera, first, last, _ in said.get("absent", [])}
        assert found.failures <= named


@pytest.mark.parametrize("vector", [v for v in CASES if "plaintext" in v.many], ids=lambda vector: vector.name)
def test_the_pictures_of_a_vector_open_with_age(vector: Vector, tmp_path: Path):
    vector.lay_out(tmp_path)
    owner = pyrage.x25519.Identity.from_str(vector.once["age"])
    for path, digest in vector.many["plaintext"]:
        assert hashlib.sha256(pyrage.decrypt((tmp_path / path).read_bytes(), [owner])).hexdigest() == digest


def test_the_vectors_can_be_made_again(tmp_path: Path):
    write_all(tmp_path)
    published = {path: data for path, data in files_below(VECTORS) if "/" in path}

    assert dict(files_below(tmp_path)) == published
