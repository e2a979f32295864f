#!/bin/bash
# Runs things under Debian trixie and Python 3.13, the system the recorder ships on, on any Debian machine.
#
#   trixie.sh build             make the system and its Python environment, where they are not cached yet
#   trixie.sh run COMMAND...    run a command in it; the checkout is at /work-src, read-only
#   trixie.sh unit [ARG...]     run the unit tests in it; ARGs go to pytest
#   trixie.sh hash              print the names of the two cached directories
#   trixie.sh box               make what lies over the system so that the units of the image run in it; print the
#                               directories of system, Python environment, and that
#
# The cache is $VIGIL_CACHE or ~/.cache/vigil: one directory for the Debian system, one for the Python
# environment, each named by a hash of what it was made from, so that a changed lock only costs the second.
# Nothing is ever mounted outside a private mount namespace: the kernel takes all of it away with the last process.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(cd "$here/../.." && pwd)
cache=${VIGIL_CACHE:-$HOME/.cache/vigil}
parts=$here/trixie
locks=("$checkout/firmware/locks/tests.txt" "$parts/picamera2.txt")

if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "trixie.sh: chroots and mounts need root, or sudo" >&2 && exit 1; }
    # pip's and apt's own settings must survive the change of user.
    mapfile -t kept < <(env | grep -E '^(PIP_[A-Z_]+|SSL_CERT_FILE|https?_proxy|no_proxy)=' || true)
    exec sudo env "HOME=$HOME" "VIGIL_CACHE=$cache" "${kept[@]}" "$0" "$@"
fi

die() {
    echo "trixie.sh: $*" >&2
    exit 1
}

hash_of() { cat "$@" | sha256sum | cut -c1-16; }

# One lock serves every Python; it holds what the product needs and what the tests need.
root=trixie-$(hash_of "$parts/make_root" "$parts/finish_root" "$parts/packages" "$parts/preferences")
python=$root-python-$(hash_of "$parts/make_python" "${locks[@]}")

sysusers=$checkout/image/system/root/usr/lib/sysusers.d/vigil.conf
box=$root-box-$(hash_of "$parts/make_box" "$sysusers")

# The Debian archive this machine itself is installed from; `main` of a plain release, not its security or updates.
# shellcheck disable=SC2016  # the words in the format are for apt
mirror() {
    apt-get indextargets --no-release-info --format '$(CREATED_BY) $(COMPONENT) $(RELEASE) $(REPO_URI)' |
        awk '$1 == "Packages" && $2 == "main" && $3 !~ /-/ { print $4; exit }'
}

# Everything the command does is seen in a mount and process namespace of its own.
inside() { unshare --mount --pid --fork --kill-child --propagation private "$parts/enter" "$@"; }

# make NAME COMMAND...: cache/NAME is what COMMAND puts into the directory given as its last argument, or is not there.
make() {
    local name=$1 began=$SECONDS
    shift
    [ -d "$cache/$name" ] && return
    rm -rf --one-file-system "${cache:?}/$name.tmp"
    mkdir -p "$cache/$name.tmp"
    "$@" "$cache/$name.tmp"
    mv -T "$cache/$name.tmp" "$cache/$name"
    echo "trixie.sh: made $name: $(du -sm "$cache/$name" | cut -f1) MB in $((SECONDS - began)) s" >&2
}

make_root() {
    local uri
    uri=$(mirror)
    [ -n "$uri" ] || die "this machine's apt sources name no Debian archive with 'main'; add one to /etc/apt/sources.list.d"
    command -v mmdebstrap >/dev/null || die "mmdebstrap is missing: apt-get install mmdebstrap"
    "$parts/make_root" "$uri" "$parts/packages" "$1"
}

make_python() {
    PYTHON_DIR=$1 inside "$cache/$root" "$1" "$checkout" "$cache" \
        /work-src/tests/ground/trixie/make_python "${locks[@]/#$checkout/\/work-src}"
}

build() {
    mkdir -p "$cache"
    (
        flock 9
        make "$root" make_root
        make "$python" make_python
        # What no run has touched for two weeks belongs to a state of the checkout that is gone.
        touch "$cache/$root" "$cache/$python"
        find "$cache" -maxdepth 1 -name 'trixie-*' -mtime +14 -exec rm -rf --one-file-system {} +
    ) 9>"$cache/trixie.lock"
}

make_box() { unshare --mount --propagation private "$parts/make_box" "$cache/$root" "$sysusers" "$1"; }

box() {
    build
    (
        flock 9
        make "$box" make_box
        touch "$cache/$box"
    ) 9>"$cache/trixie.lock"
    printf '%s\n' "$cache/$root" "$cache/$python" "$cache/$box"
}

run() {
    build
    inside "$cache/$root" "$cache/$python" "$checkout" "$cache" "$@"
}

case ${1:-} in
    build) build ;;
    run) shift && run "$@" ;;
    unit)
        shift
        run python -m pytest -p no:cacheprovider -n "${JOBS:-2}" --dist loadgroup \
            -m "not slow and not torture and not host" "${@:-tests}"
        ;;
    hash) echo "$root"; echo "$python" ;;
    box) box ;;
    *) die "say one of: build, run COMMAND..., unit [ARG...], hash, box" ;;
esac
