# SPDX-License-Identifier: MIT
"""A sensor that is enrolled by hand, for benchmarks: forwarder and listener trust each other, with no token between."""

from __future__ import annotations

from pathlib import Path

import msgspec

from decnet_swarm.pki import authority, bootstrap_ca, files
from decnet_swarm.pki.files import Enrolled
from decnet_swarm.pki.listener_identity import pins


def enrol(above: Path, below: Path, server: str, name: str) -> None:
    """Make a fleet of one sensor: the state directories of master and sensor, which may be the same."""
    bootstrap_ca.bootstrap(above, ["bench.example"])
    key = authority.new_key()
    chain = bootstrap_ca.sign_request(above, name, authority.request(key, name), 90)
    folder = files.forwarder_folder(below)
    files.make_folder(folder)
    known = Enrolled(name, server, pins(files.listener_folder(above)))
    files.write(folder / files.AUTHORITY, (files.listener_folder(above) / files.AUTHORITY).read_bytes())
    files.write(folder / files.ENROLLED, msgspec.json.encode(known))
    files.write(folder / files.IDENTITY, authority.key_pem(key) + chain.encode())
