# SPDX-License-Identifier: MIT
"""Asks the child process: which rules there are, and what they, or one that is being written, would find."""

import functools
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from decnet.cli.errors import OperatorError
from decnet.detection.values import Catalogue, Order, Tried
from decnet.fleet.deployment import Deployment
from decnet_core.events.codec import encode
from decnet_core.events.envelope import Event
from decnet_workers.ttp.settings import TtpSettings

LOADING_SECONDS = 30.0
"""What loading the rules may take beside looking at events; a busy machine is slow."""
MOST_RULE_BYTES = 1 << 18

T = TypeVar("T")
Signature = tuple[tuple[str, int, int], ...]


def shipped_folder() -> Path:
    """Return the folder of the shipped rules, without loading what reads them."""
    import decnet_workers.ttp

    return Path(decnet_workers.ttp.__path__[0]) / "rules"


def own_folder(deployment: Deployment) -> Path | None:
    """Return the folder of the operator's own rules, None when the settings name none."""
    folder = deployment.settings.section("ttp", TtpSettings).rules_dir
    return Path(folder) if folder else None


def catalogue(deployment: Deployment) -> Catalogue:
    """Return all rules; they are loaded again only when a file has changed. Raises OperatorError."""
    folders = _folders(deployment)
    return _catalogue(folders, _signature(folders))


def try_rules(deployment: Deployment, events: Iterable[Event], *, seconds: float) -> Tried:
    """Return what all rules find in a sequence of events; raises OperatorError."""
    return _asked(Order(_folders(deployment), seconds=seconds), events, Tried)


def try_text(
    deployment: Deployment, text: str, events: Iterable[Event], *, seconds: float, replaces: str = ""
) -> Tried:
    """Return what the rules of a text (YAML) find in a sequence of events; raises OperatorError.

    A correlation may count all other rules, but those of the own file that the text `replaces`.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MOST_RULE_BYTES:
        raise OperatorError(f"a file of rules has at most {MOST_RULE_BYTES} bytes")
    own = own_folder(deployment)
    without = (str(own / replaces),) if own is not None and replaces else ()
    folders = _folders(deployment) if "correlation" in text else ()
    with tempfile.TemporaryDirectory(prefix="decnet-rules-") as folder:
        file = Path(folder) / (replaces or "rule.yml")
        file.write_text(text, encoding="utf-8", errors="replace")
        return _asked(Order(folders, str(file), without, seconds), events, Tried)


@functools.lru_cache(maxsize=2)
def _catalogue(folders: tuple[str, ...], _signature: Signature) -> Catalogue:
    return _asked(Order(folders, listing=True), (), Catalogue)


def _folders(deployment: Deployment) -> tuple[str, ...]:
    settings = deployment.settings.section("ttp", TtpSettings)
    shipped = (str(shipped_folder()),) if settings.shipped_rules else ()
    return (*shipped, settings.rules_dir) if settings.rules_dir else shipped


def _signature(folders: Iterable[str]) -> Signature:
    """Return path, modification time (ns) and size of each file."""
    found = []
    for folder in folders:
        for file in sorted(Path(folder).rglob("*.y*ml")):
            try:
                status = file.stat()
            except OSError:  # gone between the listing and here: a change
                continue
            found.append((str(file), status.st_mtime_ns, status.st_size))
    return tuple(found)


def _asked(order: Order, events: Iterable[Event], answer: type[T]) -> T:
    lines = b"".join(encode(event) + b"\n" for event in events)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "decnet.detection.child"],
            input=msgspec.json.encode(order) + b"\n" + lines,
            capture_output=True,
            timeout=LOADING_SECONDS + order.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OperatorError(f"the rules take longer than {LOADING_SECONDS + order.seconds:.0f} s") from error
    except OSError as error:
        raise OperatorError(f"the process that reads rules cannot be started: {error.strerror}") from error
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise OperatorError(f"the process that reads rules ended with status {done.returncode}: {last[:300]}")
    return msgspec.json.decode(done.stdout, type=answer)
