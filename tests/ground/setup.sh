#!/usr/bin/env bash
# Makes this checkout ready to work in: Debian packages, then .venv with the locked dependencies and `vigil`.
#
# setup.sh STAMP: STAMP is made last, so that a set-up which was cut short is done again.
# Needs root or sudo only while a Debian package is missing. VIGIL_PYTHON chooses another Python for a new .venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
stamp=$1
lock=firmware/locks/tests.txt

say() { echo "setup: $*" >&2; }
die() {
    say "$@"
    exit 1
}

# Mirrors and registries have bad minutes: three tries.
persist() {
    local wait_s
    for wait_s in 5 20 0; do
        "$@" && return
        [ "$wait_s" = 0 ] || { say "failed: $*; trying again in $wait_s s" && sleep "$wait_s"; }
    done
    return 1
}

missing_packages() {
    local name arch
    arch=$(dpkg --print-architecture)
    sed -e "/# only [a-z0-9]*:/{/# only $arch:/!d}" -e 's/#.*//' -e '/^ *$/d' tests/ground/apt.txt | while read -r name; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] ||
            command -v "$name" >/dev/null || echo "$name"
    done
}

install_packages() {
    local as_root=(env) quiet=()
    if [ "$(id -u)" != 0 ]; then
        # Where nobody can type a password, sudo must not need one.
        if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
            die "these Debian packages are missing, and this account may not install them. As root, do
    apt-get install $*
and then \`make setup\` again."
        fi
        as_root=(sudo env)
    fi
    say "installing Debian packages, which takes about a minute: $*"
    # motion is here to be compared with; its service would take the camera and answer on a port. NUT's would look for
    # a UPS. So they are kept from starting while they are installed, and stay off. What was there before is left as it is.
    [[ " $* " == *" motion "* ]] && quiet+=(motion.service)
    [[ " $* " == *" nut-server "* ]] && quiet+=(nut-server.service nut-driver.target nut-driver-enumerator.service
        nut-driver-enumerator.path)
    [[ " $* " == *" nut-client "* ]] && quiet+=(nut-monitor.service)
    command -v systemctl >/dev/null || quiet=()
    [ ${#quiet[@]} = 0 ] || "${as_root[@]}" systemctl --quiet mask "${quiet[@]}"
    local apt=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
    persist "${apt[@]}" update >/dev/null
    persist "${apt[@]}" install --yes --no-install-recommends "$@" >/dev/null
    if [ ${#quiet[@]} != 0 ]; then
        "${as_root[@]}" systemctl --quiet unmask "${quiet[@]}"
        "${as_root[@]}" systemctl --quiet disable "${quiet[@]}"
    fi
}

can_carry_us() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# Debian's own first: it is the one the product runs on, and it stays when a version manager goes.
pick_python() {
    local candidate
    for candidate in "${VIGIL_PYTHON:-/usr/bin/python3}" python3 python3.13 python3.12 python3.11; do
        can_carry_us "$candidate" && { command -v "$candidate" && return; }
    done
    die "no Python of 3.11 or newer with venv was found; install one, or name it in VIGIL_PYTHON"
}

pip() { .venv/bin/python -m pip --quiet --no-input --disable-pip-version-check "$@"; }

make_venv() {
    local python
    if ! .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$(pick_python)
        say "making .venv with $("$python" --version) ($python)"
        rm -rf .venv
        "$python" -m venv .venv
    fi
    say "installing the locked dependencies"
    # Wheels only: what is installed is what was hashed, and nothing is compiled.
    persist pip install --require-hashes --only-binary=:all: -r "$lock"
    pip install --no-deps --no-build-isolation --editable .
}

command -v dpkg-query >/dev/null || die "this set-up knows Debian and its children only (there is no dpkg here)"
mapfile -t missing < <(missing_packages)
[ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"

export PIP_CACHE_DIR="${VIGIL_CACHE:-$HOME/.cache/vigil}/pip"
mkdir -p "$PIP_CACHE_DIR"
make_venv
rm -f .venv/.ready-*
touch "$stamp"
say "ready"
