# SPDX-License-Identifier: MIT
"""Files that attackers left or fetched: a list, one with its sightings, and its content, which is never shown.

Content leaves the server as an encrypted zip (password `infected`, as analysts expect it), so that neither a virus
scanner on the way nor a careless double click meets it; or as it is, as an attachment without a type.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from decnet.cli.errors import NotFoundError
from decnet.findings.encrypted_zip import PASSWORD, Member, length, member_of, pieces
from decnet_models.artifacts import queries
from decnet_models.artifacts.queries import Artifact, Kind, artifact_of, sightings
from decnet_models.intel.queries import findings
from decnet_web.api.audit import audited
from decnet_web.api.dependencies import Analyst, InFleet, InPaging, InWindow, OrderDirection, Viewer
from decnet_web.api.listings.recent import RecentRoute
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment
from decnet_web.api.paging import Page, places_of
from decnet_web.api.routes.findings.answers import ArtifactSighting, IntelFinding

router = APIRouter(route_class=RecentRoute, tags=["files"])

_CHUNK = 1 << 16
_DIGEST = Artifact.__struct_fields__.index("sha256")
_POSITION = places_of(Artifact, "last_seen", "sha256")

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


class FileItem(Answer):
    """Content by its SHA-256, and where it was seen last."""

    sha256: str
    kind: Kind
    size: int | None
    """Bytes; null: not known, it was only mentioned."""
    first_seen: Moment
    last_seen: Moment
    kept: bool
    """Whether the content can be downloaded."""
    stored_at: Moment | None
    removed_at: Moment | None
    sighting: ArtifactSighting | None


class FileWhole(Answer):
    """A file with its sightings, newest first, and what others say about it."""

    file: FileItem
    sightings: list[ArtifactSighting]
    intel: list[IntelFinding]


def file_item(one: Artifact, sighting: queries.Sighting | None) -> FileItem:
    """Return a file as lists show it."""
    shown = None if sighting is None else ArtifactSighting.model_validate(sighting)
    values = {name: getattr(one, name) for name in FileItem.model_fields.keys() - {"sighting"}}
    return FileItem.made(**values, sighting=shown)


@router.get("/files", response_model=Page[FileItem])
async def list_files(
    *,
    fleet: InFleet,
    paging: InPaging,
    window: InWindow,
    _viewer: Viewer,
    kind: Kind = "file",
    direction: OrderDirection = "desc",
) -> Response:
    """List files that attackers left or fetched, by default last seen first."""
    bounded = window if window.bounded else None

    def fetch(connection: Connection, after: tuple[int, str] | None, limit: int) -> Sequence[Any]:
        return queries.artifact_rows(connection, limit, kind=kind, window=bounded, after=after, direction=direction)

    def shown(connection: Connection, rows: Sequence[Any]) -> list[Any]:
        seen = queries.newest_rows(connection, [row[_DIGEST] for row in rows])
        return paging.rows([(tuple(row), seen.get(row[_DIGEST])) for row in rows], _of_rows)

    return await paging.answer(fleet, fetch, _POSITION, shown)


def _of_rows(rows: tuple[tuple[Any, ...], tuple[Any, ...] | None]) -> FileItem:
    """Return a row of an artifact, with that of its newest sighting, as lists show it."""
    found, seen = rows
    return file_item(Artifact(*found), None if seen is None else queries.sighting_of(seen))


@router.get("/files/{sha256}")
async def show_file(
    fleet: InFleet, _viewer: Viewer, sha256: Digest, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> FileWhole:
    """Show where a file was seen and what others say about it."""

    def fetch(connection: Connection) -> FileWhole:
        seen = sightings(connection, limit, sha256=sha256)
        return FileWhole.model_validate(
            {
                "file": file_item(_found(connection, sha256), next(iter(seen), None)),
                "sightings": seen,
                "intel": findings(connection, sha256),
            }
        )

    return await fleet.read(fetch, (FileWhole, sha256))


@router.get(
    "/files/{sha256}/content",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}, "application/octet-stream": {}}, "description": "content"}},
)
async def download_file(
    fleet: InFleet, analyst: Analyst, sha256: Digest, form: Annotated[Literal["zip", "raw"], Query()] = "zip"
) -> Response:
    """Return a file's content: a zip encrypted with the password `infected`, or raw. It may be malicious."""
    found = await fleet.read(lambda connection: _found(connection, sha256))
    path = fleet.deployment.state.artifact(sha256)
    if not found.kept or not path.exists():
        raise NotFoundError(f"the content of {sha256} is not kept: it was too large, or retention removed it")
    member = await fleet.thread(lambda: member_of(path, sha256))
    await audited(fleet, analyst, "file.download", sha256, form=form)
    return _zipped(member) if form == "zip" else _raw(member)


def _zipped(member: Member) -> Response:
    headers = {**_attached(f"{member.name}.zip"), "Content-Length": str(length(member))}
    return StreamingResponse(pieces(member, PASSWORD), media_type="application/zip", headers=headers)


def _raw(member: Member) -> Response:
    headers = {**_attached(f"{member.name}.bin"), "Content-Length": str(member.size)}
    return StreamingResponse(_content(member), media_type="application/octet-stream", headers=headers)


def _content(member: Member) -> Iterator[bytes]:
    with member.path.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            yield piece


def _attached(name: str) -> dict[str, str]:
    """Return headers by which no browser shows the content; `name` is ours."""
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "no-store",
    }


def _found(connection: Connection, sha256: str) -> Artifact:
    found = artifact_of(connection, sha256)
    if found is None:
        raise NotFoundError(f"there is no file {sha256}; decnet files lists those that there are")
    return found
