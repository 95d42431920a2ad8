# SPDX-License-Identifier: MIT
"""Artifacts mentioned by events: dropped files and session recordings.

The digest is the attacker's claim when another honeypot reported the file, so it is a file name only after it has been
validated.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import structs

from decnet_core.events.catalogue import FileCaptured, SessionClosed
from decnet_core.events.envelope import Event
from decnet_models.artifacts.queries import Artifact, Sighting

_SHA256 = re.compile(r"[0-9a-f]{64}")


def artifacts_in(events: Iterable[Event], store: Path, *, now_ns: int) -> Iterator[tuple[Artifact, Sighting]]:
    """Yield each artifact that one of `events` mentions, with its sighting; stored at `now_ns` when `store` has it."""
    for event in events:
        match event.payload:
            case FileCaptured(sha256=digest, service=service, size=size, name=name, url=url):
                artifact = Artifact(digest.lower(), "file", size or None, event.ts, event.ts)
            case SessionClosed(recording=str(digest), service=service):
                artifact, name, url = Artifact(digest.lower(), "recording", None, event.ts, event.ts), None, None
            case _:
                continue
        if _SHA256.fullmatch(artifact.sha256):
            by = (event.src_ip, event.session, event.decky)
            yield (
                _looked_up(artifact, store, now_ns),
                Sighting(event.id, artifact.sha256, event.ts, service, *by, name, url),
            )


def _looked_up(artifact: Artifact, store: Path, now_ns: int) -> Artifact:
    kept = _size_of(store / artifact.sha256[:2] / artifact.sha256)
    return artifact if kept is None else structs.replace(artifact, size=kept, stored_at=now_ns)


def _size_of(file: Path) -> int | None:
    """Return the size of a file in the store, None when it has none of that name."""
    try:
        return file.stat().st_size
    except OSError:
        return None
