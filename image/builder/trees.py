"""Moves files between trees without losing owners, modes or capabilities."""

from __future__ import annotations

import shutil
from pathlib import Path

from .run import run


def lay_over(upper: Path, tree: Path, *, owner: bool = False) -> None:
    """Copy what is in `upper` over a tree; with `owner`, as files of root that everybody may read."""
    if not upper.is_dir():
        return
    who = ["--owner=0", "--group=0", "--mode=u+rwX,go+rX,go-w"] if owner else ["--numeric-owner"]
    bundle = tree.parent / f"{tree.name}.over.tar"
    run(["tar", "--create", *who, "--xattrs", "--directory", upper, "--file", bundle, "."])
    keep = ["--numeric-owner", "--xattrs", "--keep-directory-symlink", "--no-overwrite-dir"]
    run(["tar", "--extract", *keep, "--directory", tree, "--file", bundle])
    bundle.unlink()


def pack(tree: Path, bundle: Path) -> None:
    """Put a tree into a tar file, in the order of its names."""
    options = ["--sort=name", "--numeric-owner", "--xattrs"]
    run(["tar", "--create", *options, "--directory", tree, "--file", bundle, "."])


def remove(path: Path) -> None:
    """Take away a file, a link, or a directory with all it holds; nothing, if it is not there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
