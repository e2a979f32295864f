#!/usr/bin/env bash
# Writes firmware/locks/ anew from pyproject.toml: runtime.txt (what the product needs), tests.txt (that, and the tools)
# and torture.txt (what `make torture` adds). Versions that still fit stay; `lock.sh --upgrade` takes the newest.
#
# One file serves every Python from 3.11 on and every machine: it holds the hashes of all wheels of a release, and
# where Pythons need different releases, a line for each. uv resolves, because pip-compile knows only the Python it
# runs under and copies this machine's package addresses into the file. Neither file names an address.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cache=${VIGIL_CACHE:-$HOME/.cache/vigil}
tool=$cache/lock-tool

if ! "$tool/bin/uv" --version >/dev/null 2>&1; then
    python3 -m venv "$tool"
    "$tool/bin/python" -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
fi

lock() {
    local name=$1 what=$2
    shift 2
    "$tool/bin/uv" --no-config --quiet pip compile --universal --python-version 3.11 --no-python-downloads \
        --generate-hashes --no-header --no-annotate --output-file "firmware/locks/$name" "$@" >/dev/null
    sed -i "1i # $what: exact versions with hashes. Written by \`make lock\`; do not edit." "firmware/locks/$name"
}

lock tests.txt "What Vigil needs to run and to be tested" pyproject.toml --group tests "$@"
# Constrained, so that what is tested is what ships.
lock runtime.txt "What Vigil needs to run" pyproject.toml --constraint firmware/locks/tests.txt "$@"
lock torture.txt "What \`make torture\` needs besides" --group torture "$@"
