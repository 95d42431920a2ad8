# SPDX-License-Identifier: MIT
"""`decnet files`: files that attackers left, last seen first."""

import msgspec

from decnet.cli.options import Csv, Json, Limit, application
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import Deployment, find_deployment, transaction
from decnet.remote.current import master
from decnet.show.tables import print_table
from decnet.show.times import moment, size
from decnet_core.state import State
from decnet_models.artifacts import queries
from decnet_models.artifacts.queries import Artifact, Sighting
from decnet_models.database.window import Window

app = application("Captured files.")

HEADING = ("last seen", "size", "attacker", "decky", "name or URL", "stored", "SHA-256")


class CapturedFile(msgspec.Struct, frozen=True):
    """A file, where it was last seen, and where its content is kept."""

    artifact: Artifact
    sighting: Sighting | None
    path: str | None
    """None when it is not kept, too large or removed by retention, or on another host."""


@app.command()
def files(
    since: Since = None, until: Until = None, limit: Limit = 50, as_json: Json = False, as_csv: Csv = False
) -> None:
    """List files that attackers left or fetched, last seen first."""
    window = time_window(since, until)
    if (remote := master()) is not None:
        from decnet.remote import findings

        found = [CapturedFile(one, seen, None) for one, seen in findings.files(remote, limit, window)]
    else:
        found = _here(find_deployment(), limit, window)
    print_table(found, HEADING, row, as_json=as_json, as_csv=as_csv, nothing="no file in that time")


def _here(deployment: Deployment, limit: int, window: Window) -> list[CapturedFile]:
    with transaction(deployment) as connection:
        artifacts = queries.artifacts(connection, limit, kind="file", window=window)
        sightings = {one.sha256: queries.sightings(connection, 1, sha256=one.sha256) for one in artifacts}
    return [
        CapturedFile(one, next(iter(sightings[one.sha256]), None), _path(deployment.state, one)) for one in artifacts
    ]


def row(one: CapturedFile) -> tuple[object, ...]:
    artifact, seen = one.artifact, one.sighting
    return (
        moment(artifact.last_seen),
        None if artifact.size is None else size(artifact.size),
        *((seen.attacker, seen.decky, seen.name or seen.url) if seen else (None, None, None)),
        "yes" if artifact.kept else "no",
        artifact.sha256,
    )


def _path(state: State, artifact: Artifact) -> str | None:
    return str(state.artifact(artifact.sha256)) if artifact.kept else None
