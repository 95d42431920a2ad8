# SPDX-License-Identifier: MIT
"""Puts a token's bait on a decky: its shell shows the file, and its web server what is below the site's directory."""

import posixpath
import time

from sqlalchemy import Connection

from decnet.canary.kinds.registry import MODULES, kind_named
from decnet.cli.errors import NotFoundError, OperatorError, WrongUsageError
from decnet.deckies.catalogues.personas import known_personas
from decnet.fleet.deployment import Deployment
from decnet_core.deckies.handover import HandoverError, ask_one_of
from decnet_core.deckies.messages import PlacedFile
from decnet_decoys.decky import Decky
from decnet_decoys.errors import DecoysError
from decnet_decoys.fleet import deckies
from decnet_decoys.settings import DecoysSettings
from decnet_models.canary import blobs, queries
from decnet_models.canary.queries import CanaryToken, Planting
from decnet_models.fleet.queries import decky_named
from decnet_workers.canary.settings import CanarySettings

_DAY = 86400
_AGE = 40 * _DAY
"""How old the file looks, in seconds: older than the visit, younger than the machine."""
_ROOT = ("root", "/root")


def plant(connection: Connection, deployment: Deployment, token: CanaryToken, decky: str, path: str) -> Planting:
    """Put the token's file on a decky that is played here; an empty path: where its kind belongs.

    Raises OperatorError.
    """
    user, home = _inhabitant(connection, deployment, decky)
    content, mode, usual = _content(connection, deployment, token)
    where = path or usual
    if not where:
        raise WrongUsageError(f"bait of kind {token.kind} belongs nowhere in particular: name a PATH")
    where = posixpath.join(home, where[2:]) if where.startswith("~/") else where
    owner = user if where.startswith(home + "/") else "root"
    file = PlacedFile(where, content, owner, mode, int(time.time()) - _AGE, token.token)
    try:
        ask_one_of(deployment.state, lambda client: client.place(decky, [file]))
    except HandoverError as error:
        raise OperatorError(f"cannot plant on {decky}: {error}") from error
    planting = Planting(token.token, decky, where, time.time_ns())
    queries.record_planting(connection, planting)
    return planting


def _content(connection: Connection, deployment: Deployment, token: CanaryToken) -> tuple[bytes, int, str]:
    """Return the bait's bytes, its mode and its usual path."""
    blob, content = blobs.blob_of(connection, token.token), blobs.content_of(connection, token.token)
    if blob is None or content is None:  # a link: a note that has it
        settings = deployment.settings.section("canary", CanarySettings)
        place = settings.host_of(token.token) if token.kind == "dns" else settings.url_of(token.token)
        return f"{place}\n".encode(), 0o644, ""
    if token.kind not in MODULES:
        return content, 0o644, f"~/{blob.name}"
    kind = kind_named(token.kind)
    return content, kind.mode, kind.path or f"~/{blob.name}"


def _inhabitant(connection: Connection, deployment: Deployment, name: str) -> tuple[str, str]:
    """Return name and home of who uses a decky; raises NotFoundError."""
    fleet = {decky.name: decky.persona for decky in _of_settings(deployment)}
    wanted = decky_named(connection, name)
    persona = fleet.get(name) or (wanted.persona if wanted is not None else None)
    if persona is None:
        raise NotFoundError(f"there is no decky {name}")
    try:
        known = known_personas(deployment).get(persona)
        users = () if known is None else known.persona().users
    except DecoysError as error:
        raise OperatorError(str(error)) from error
    return next(((user.name, user.home) for user in users if user.passwords and user.uid), _ROOT)


def _of_settings(deployment: Deployment) -> tuple[Decky, ...]:
    try:
        return deckies(deployment.settings.section("decoys", DecoysSettings))
    except DecoysError as error:
        raise OperatorError(str(error)) from error
