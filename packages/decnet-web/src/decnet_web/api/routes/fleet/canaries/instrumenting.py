# SPDX-License-Identifier: MIT
"""Documents of the operator's own with a canary token in them."""

from __future__ import annotations

import pathlib
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from decnet.canary.instrument.errors import DocumentError
from decnet.canary.instrument.formats import FORMATS
from decnet.canary.token_names import known_token
from decnet.canary.tokens import instrumented, prepared
from decnet_web.api.audit import record
from decnet_web.api.dependencies import Analyst, InFleet
from decnet_web.api.problems import Problem
from decnet_web.api.routes.fleet.canaries.rows import canary_detail
from decnet_web.api.routes.fleet.canaries.shapes import CanaryDetail
from decnet_web.api.routes.fleet.downloads import Upload

router = APIRouter(tags=["canaries"])

Name = Annotated[str, Query(min_length=1, max_length=200, description="Of the file: its ending says what it is.")]
Label = Annotated[str, Query(max_length=255, description="Where it will be planted; empty: the file's name.")]


@router.post("/canaries/instrument", status_code=201)
async def instrument_document(
    document: Upload, name: Name, fleet: InFleet, analyst: Analyst, label: Label = ""
) -> CanaryDetail:
    """Put a new token into a document, which is the body; then download it. An image comes back as SVG.

    The document is read by a process of its own that has no privileges and bounded time.
    """
    file = pathlib.PurePosixPath(name.replace("\\", "/")).name
    ending = pathlib.PurePosixPath(file).suffix.lower()
    if ending not in FORMATS:
        raise Problem(422, "Bad input", f"only {', '.join(FORMATS)} can be instrumented")
    try:
        ready = await fleet.thread(lambda: prepared(fleet.deployment, document, pathlib.Path(file)))
    except DocumentError as error:
        raise Problem(422, "Bad document", f"{file} was not instrumented: {error}") from error

    def make(connection: Connection) -> CanaryDetail:
        made = instrumented(connection, fleet.deployment, ready, label.strip() or file)
        record(connection, analyst, "canary.instrument", made.token, label=made.label)
        return canary_detail(fleet.deployment, connection, known_token(connection, made.token))

    return await fleet.write(make)
