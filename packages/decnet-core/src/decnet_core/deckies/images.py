# SPDX-License-Identifier: MIT
"""The catalogue of honeypot images that a decky may run in a container: what each needs, offers and logs.

The shipped one is `images.toml`; an operator's own file has the same form, and its entries win. Only `reconciler` and
the commands read it; `collect` gets what it must know from the labels of the containers.
"""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from decnet_core.errors import CoreError

_SHIPPED = Path(__file__).with_name("images.toml")
_MAX_BYTES = 1 << 20

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Capability: TypeAlias = Literal[
    "CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID", "SYS_CHROOT"
]
"""What an image may be given; with any other a container could get around the packet filter of its decky."""


class CatalogueError(CoreError, ValueError):
    """The catalogue cannot be used; the message names file and key."""


class ImageService(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service of an image."""

    port: Port
    """Where clients find it, unless the decky says otherwise."""
    listens: Port | None = None
    """Where it listens inside the container; None: at `port`."""
    transport: Literal["tcp", "udp"] = "tcp"


class Image(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry: how the image is run."""

    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    """The image as the engine names it: registry/repository:tag."""
    summary: str
    persona: str
    """Whose TCP/IP personality and MAC prefix the decky has, unless it names another."""
    format: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_.-]{0,31}$")]
    """The format of its standard output: cowrie, opencanary, conpot, dionaea, plain, or one that a source names."""
    services: dict[str, ImageService]
    command: tuple[str, ...] = ()
    """Replaces the image's own entry point and command; empty: those."""
    environment: dict[str, str] = {}
    user: str = ""
    """User, or user:group, that it runs as; empty: the image's."""
    capabilities: tuple[Capability, ...] = ()
    writable: tuple[str, ...] = ()
    """Directories in which it writes, in memory; they count for its limit, and are empty after a restart."""
    read_only: bool = True
    """Whether all else is read-only."""
    memory_mb: Annotated[int, msgspec.Meta(ge=8, le=65536)] = 256
    cpus: Annotated[float, msgspec.Meta(ge=0.01, le=64)] = 0.5
    processes: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 64
    """Processes and threads together."""


def catalogue(own: Path | None = None) -> dict[str, Image]:
    """Return the images by name, with those of the operator's `own` file; raises CatalogueError."""
    shipped = _read(_SHIPPED)
    return shipped if own is None else shipped | _read(own)


def image_called(images: dict[str, Image], given: str) -> Image | None:
    """Return the image that an operator names, None for one that is not in the catalogue.

    That is by its name there, or by the reference of an image of the same repository, which is then used.
    """
    if given in images:
        return images[given]
    for image in images.values():
        if _repository(image.reference) == _repository(given):
            return msgspec.structs.replace(image, reference=given)
    return None


def _repository(reference: str) -> str:
    """Return a reference without its registry, tag and digest."""
    name = reference.partition("@")[0]
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        name = rest
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]


def _read(file: Path) -> dict[str, Image]:
    import tomllib  # 0.3 MiB that a reconciler without containers does not need

    try:
        with file.open("rb") as opened:
            document = tomllib.loads(opened.read(_MAX_BYTES).decode())
        return msgspec.convert(document, dict[str, Image])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{file}: {getattr(error, 'strerror', None) or error}") from error
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{file}: {error}") from error
