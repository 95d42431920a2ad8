# SPDX-License-Identifier: MIT
"""All requests of the dialogues, by name."""

from __future__ import annotations

from tests.decnet_decoys.http.dialogues import files, fourth, framing, requests, scanners, smuggling, targets

REQUESTS: dict[str, bytes] = (
    requests.REQUESTS
    | targets.TARGETS
    | targets.METHODS
    | framing.VERSIONS
    | framing.LINES
    | framing.HOSTS
    | framing.BODIES
    | files.RANGES
    | files.CONDITIONS
    | files.PREFERENCES
    | scanners.PROBES
    | scanners.PATHS
    | scanners.VERSIONS_OF_SCANNERS
    | smuggling.SMUGGLING
    | smuggling.HEADS
    | smuggling.ERRORS_OF_HEAD
    | smuggling.VALUES
    | smuggling.PIPELINES
    | smuggling.ENDED
    | fourth.FOURTH
)
