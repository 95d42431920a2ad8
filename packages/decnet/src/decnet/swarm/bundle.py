# SPDX-License-Identifier: MIT
"""One file that makes a host a sensor: a program for Python with the wheels inside, the master's address and a token.

A zip application (PEP 441): a host that runs Python runs it, and needs nothing else: no index, no pip, no ensurepip.
"""

import os
import re
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO

import msgspec

from decnet.cli.errors import OperatorError, RefusedError

REQUIREMENTS = "sensor.txt"

_PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)(.*)$", re.MULTILINE)
_NATIVE = re.compile(r"-(cp3\d+)-cp3\d+-\w*?(x86_64|aarch64|armv7l|i686)")


class Order(msgspec.Struct, frozen=True):
    """What the program in the bundle is told."""

    name: str
    master: str
    token: str
    tag: str = ""
    """The Python that the wheels are for, e.g. cp311; empty: any."""
    machine: str = ""
    """The processor that they are for, e.g. x86_64; empty: any."""


def default_wheelhouse() -> Path:
    """Return where docs/install.md puts the wheelhouse; in a clone, what `make wheels` makes."""
    installed = Path(sys.prefix) / "wheels"
    return installed if installed.is_dir() else Path("dist")


def wheels_of(wheelhouse: Path) -> list[Path]:
    """Return the wheels that a sensor needs, and that of pip; raises RefusedError if one is missing."""
    try:
        text = (wheelhouse / REQUIREMENTS).read_text(encoding="ascii")
    except OSError as error:
        raise RefusedError(
            f"{wheelhouse} has no {REQUIREMENTS}: make a wheelhouse with `make wheels` in a clone of DECNET, and put "
            f"it at {Path(sys.prefix) / 'wheels'}, or run `decnet swarm bundle --wheels DIR`"
        ) from error
    known = {_named(path): path for path in sorted(wheelhouse.glob("*.whl"))}
    wanted = {(_normal(name), version) for name, version, marker in _PINNED.findall(text) if "win32" not in marker}
    installer = next((key for key in known if key[0] == "pip"), ("pip", "of any version"))
    missing = sorted({*wanted, installer} - known.keys())
    if missing:
        raise RefusedError(f"{wheelhouse} has no wheel of {' '.join(missing[0])}; make it again with `make wheels`")
    return [known[key] for key in sorted({*wanted, installer})]


def write(output: Path, wheels: list[Path], order: Order) -> int:
    """Write the bundle, readable for its owner only, for it has the token; return its size in bytes.

    Raises OperatorError when the file exists or cannot be written.
    """
    requirements = wheels[0].with_name(REQUIREMENTS)
    with _new(output) as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("__main__.py", files("decnet.swarm").joinpath("sensor_setup.py").read_bytes())
            archive.writestr("order.json", msgspec.json.encode(order))
            for path in (requirements, *wheels):
                archive.write(path, f"wheels/{path.name}")
    return output.stat().st_size


def keep(output: Path, bundle: bytes) -> int:
    """Write a bundle that somebody else has made, as `write` does; return its size in bytes."""
    with _new(output) as file:
        return file.write(bundle)


@contextmanager
def _new(output: Path) -> Iterator[BinaryIO]:
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except FileExistsError as error:
        raise OperatorError(f"{output} exists; remove it, or name another with --output") from error
    except OSError as error:
        raise OperatorError(f"cannot write {output}: {error.strerror}") from error


def built_for(wheels: list[Path]) -> tuple[str, str]:
    """Return the Python and the processor that wheels with compiled code are for; empty where there are none."""
    found = next((match for path in wheels if (match := _NATIVE.search(path.name))), None)
    return (found[1], found[2]) if found else ("", "")


def _named(path: Path) -> tuple[str, str]:
    name, version = path.name.split("-")[:2]
    return _normal(name), version


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
