# SPDX-License-Identifier: MIT
"""A master and its sensors on disk, made without a network; several tests begin with them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from decnet_swarm.enrolment import client
from decnet_swarm.enrolment.messages import Issued
from decnet_swarm.enrolment.signer_child import sign
from decnet_swarm.enrolment.signing_requests import SignEnrolment
from decnet_swarm.pki import authority, bootstrap_ca, files
from decnet_swarm.pki.files import Enrolled
from decnet_swarm.pki.token import Token, decode_token

SERVER = "127.0.0.1:6514"


def master(state: Path, now: dt.datetime | None = None) -> Path:
    """Bootstrap a fleet below `state`; return the listener's folder."""
    bootstrap_ca.bootstrap(state, ["master.example"], now)
    return files.listener_folder(state)


def issued_token(state: Path, name: str = "berlin-1", hours: float = 24, *, replaces: bool = False) -> Token:
    """Return a token that waits on the master."""
    found = decode_token(bootstrap_ca.issue_token(state, name, hours, replaces=replaces))
    assert isinstance(found, Token)
    return found


def signing_request(token: Token, request: str) -> SignEnrolment:
    """Return what the listener asks its child for when this token is shown."""
    return SignEnrolment(token.id, token.secret, request, "127.0.0.1")


def sensor(
    state: Path,
    folder: Path,
    name: str = "berlin-1",
    *,
    days: float = 90,
    now: dt.datetime | None = None,
    server: str = SERVER,
) -> Path:
    """Enrol a sensor whose files lie in `folder`, as if at `now`; return `folder`."""
    key, token = authority.new_key(), issued_token(state, name, 24 * 90)
    answer = sign(files.listener_folder(state), signing_request(token, authority.request(key, name)), days, now)
    assert isinstance(answer, Issued), answer
    files.make_folder(folder)
    files.write(folder / files.AUTHORITY, (files.listener_folder(state) / files.AUTHORITY).read_bytes())
    client.store_identity(folder, Enrolled(name, server, answer.pins), key, answer)
    return folder
