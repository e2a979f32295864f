"""The parsers under atheris, for hours. Seeds are the published vectors."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.repository import ROOT
from fakes.segment_vectors import VECTORS

SCRIPTS = sorted(Path(__file__).parent.glob("fuzz_*.py"))
SECONDS = int(os.environ.get("VIGIL_FUZZ_S", "1800"))

pytestmark = [
    pytest.mark.torture,
    pytest.mark.timeout(SECONDS + 300),
    pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed"),
]


def test_there_is_something_to_fuzz():
    assert len(SCRIPTS) >= 3
    assert list(VECTORS.glob("good/**/*.seal"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_parser_raises_nothing_but_its_own_errors(script: Path, tmp_path: Path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(sorted(path for path in (VECTORS / "good").rglob("*") if path.is_file())):
        (corpus / str(number)).write_bytes(seed.read_bytes()[:4096])
    done = subprocess.run(
        [sys.executable, script, f"-max_total_time={SECONDS}", "-max_len=8192", corpus],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "firmware"), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-4000:]
