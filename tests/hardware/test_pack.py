"""The suite in one file, for boards without a checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from fakes.repository import ROOT
from hw_tests import pack

pytestmark = pytest.mark.host  # it carries the pytest that is installed beside the host's Python


def test_the_same_sources_make_the_same_file():
    assert pack.packed() == pack.packed()


@pytest.mark.slow  # the camera that draws itself is watched for a quarter of a minute
def test_the_file_runs_where_there_is_no_checkout_and_leaves_its_report_there(tmp_path):
    (tmp_path / "hw-tests.pyz").write_bytes(pack.packed())
    command = [sys.executable, "hw-tests.pyz", "--only", "cameras"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "firmware")}

    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((tmp_path / "hw-tests.json").read_text())
    outcomes = {(one["world"], one["outcome"]) for one in told["tests"]}
    assert {("drawn", "passed"), ("network", "skipped")} <= outcomes
    assert all(one["why"] for one in told["tests"] if one["outcome"] == "skipped")
    assert "no camera of the network" in (tmp_path / "hw-tests.txt").read_text()
