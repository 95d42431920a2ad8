# SPDX-License-Identifier: MIT
"""The database: size, retention, checks, backups. Long work goes on in a process of its own; its state can be asked."""

from __future__ import annotations

import os
import shutil
from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy import Connection, select, text
from starlette.responses import FileResponse, Response

from decnet.database import jobs
from decnet.database.jobs import MOST_BACKUPS, Job
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.engine import shown, sqlite_file
from decnet_models.database.schema import current_revision
from decnet_models.events.tables import event, event_forgotten
from decnet_models.events.volume import Volume, volumes
from decnet_models.maintenance.checksum import checksum_file
from decnet_models.migrations.chain import newest_revision
from decnet_web.api.audit import audited
from decnet_web.api.dependencies import Admin, InFleet, Viewer
from decnet_web.api.fleet import Fleet
from decnet_web.api.routes.fleet.downloads import headers_of
from decnet_web.api.routes.fleet.host.database_shapes import (
    BackupList,
    BackupShown,
    DatabaseCheck,
    DatabaseShown,
    KindVolume,
    RetentionShown,
)

router = APIRouter(tags=["database"])

Name = Annotated[str, Path(max_length=64, description="The backup's name.")]


@router.get("/database")
async def show_database(fleet: InFleet, _viewer: Viewer) -> DatabaseShown:
    """Show what the database takes, what is in it, how long events are kept, and the last check."""
    return await fleet.read(lambda connection: _shown(fleet, connection))


@router.post("/database/check", status_code=202)
async def begin_database_check(fleet: InFleet, admin: Admin) -> DatabaseCheck:
    """Begin a check of all pages, indexes and references; GET /database/check says how it stands."""
    await audited(fleet, admin, "database.check")
    return _check(await fleet.thread(lambda: jobs.begin_check(fleet.deployment)))


@router.get("/database/check")
async def show_database_check(fleet: InFleet, _viewer: Viewer) -> DatabaseCheck | None:
    """Show the last check, or how the one that runs stands; null: there was none."""
    job = await fleet.thread(lambda: jobs.last_check(fleet.deployment))
    return _check(job) if job else None


@router.get("/database/backups")
async def list_backups(fleet: InFleet, _admin: Admin) -> BackupList:
    """List the backups that are kept here, newest first."""
    found = await fleet.thread(lambda: [_backup(fleet, one) for one in jobs.backups(fleet.deployment)])
    return BackupList(items=found, most=MOST_BACKUPS)


@router.post("/database/backups", status_code=202)
async def begin_backup(fleet: InFleet, admin: Admin) -> BackupShown:
    """Begin a backup while the fleet goes on: it is the state of one moment."""
    job = await fleet.thread(lambda: jobs.begin_backup(fleet.deployment))
    await audited(fleet, admin, "database.backup", job.name)
    return _backup(fleet, job)


@router.get("/database/backups/{name}/download")
async def download_backup(name: Name, fleet: InFleet, admin: Admin) -> Response:
    """Download a backup. It contains everything that the fleet knows; the audit keeps that you have taken it."""
    file = await fleet.thread(lambda: jobs.backup_file(fleet.deployment, name))
    await audited(fleet, admin, "database.download", name)
    return FileResponse(file, media_type="application/octet-stream", headers=headers_of(name))


@router.delete("/database/backups/{name}", status_code=204)
async def remove_backup(name: Name, fleet: InFleet, admin: Admin) -> None:
    """Remove a backup from here."""
    await fleet.thread(lambda: jobs.remove_backup(fleet.deployment, name))
    await audited(fleet, admin, "database.backup.remove", name)


def _shown(fleet: Fleet, connection: Connection) -> DatabaseShown:
    from decnet_workers.ingest.retention import within_disk
    from decnet_workers.ingest.settings import IngestSettings

    url = fleet.deployment.database_url
    file = sqlite_file(url)
    kept = within_disk(fleet.deployment.settings.section("ingest", IngestSettings).retention, file)
    found = volumes(connection)
    gone: dict[str, int] = {row.kind: row.events for row in connection.execute(select(event_forgotten))}
    check = jobs.last_check(fleet.deployment)
    limits = {kind: (one.days, one.log_bytes) for kind, one in kept.kinds.items()}
    return DatabaseShown(
        url=shown(url),
        kind="sqlite" if file else "postgresql",
        revision=current_revision(connection),
        newest_revision=newest_revision(),
        bytes=_bytes(connection, file),
        free_bytes=shutil.disk_usage(file.parent).free if file else None,
        events=sum(one.events for one in found),
        oldest_event_at=connection.execute(select(event.c.ts).order_by(event.c.seq).limit(1)).scalar(),
        oldest_hour=found[0].hour * HOUR_NS if found else None,
        newest_hour=found[-1].hour * HOUR_NS if found else None,
        kinds=_kinds(found, gone, limits),
        retention=RetentionShown.model_validate(kept),
        last_check=_check(check) if check else None,
    )


def _kinds(found: list[Volume], gone: dict[str, int], limits: dict[str, tuple[float, int]]) -> list[KindVolume]:
    sums: dict[str, list[int]] = {kind: [0, 0] for kind in gone}
    for one in found:
        sum_ = sums.setdefault(one.kind, [0, 0])
        sum_[0] += one.events
        sum_[1] += one.bytes
    rows = []
    for kind, (events, size) in sorted(sums.items(), key=lambda item: -item[1][1]):
        days, most = limits.get(kind, (0, 0))
        forgotten = gone.get(kind, 0)
        rows.append(KindVolume(kind=kind, events=events, bytes=size, forgotten=forgotten, days=days, log_bytes=most))
    return rows


def _bytes(connection: Connection, file: os.PathLike[str] | None) -> int | None:
    if file is None:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    parts = (os.fspath(file), f"{os.fspath(file)}-wal")
    return sum(os.stat(part).st_size for part in parts if os.path.exists(part))  # noqa: PTH110, PTH116  # two names


def _check(job: Job) -> DatabaseCheck:
    result = job.result or {}
    return DatabaseCheck(
        state=job.state,
        started_at=job.started_at,
        ended_at=job.ended_at,
        progress=job.progress,
        damages=result.get("damages"),
        words=result.get("words", []),
        remarks=result.get("remarks", []),
        error=job.error,
    )


def _backup(fleet: Fleet, job: Job) -> BackupShown:
    result = job.result or {}
    beside = checksum_file(jobs.folder_of(fleet.deployment) / job.name)
    return BackupShown(
        name=job.name,
        state=job.state,
        started_at=job.started_at,
        ended_at=job.ended_at,
        progress=job.progress,
        bytes=result.get("bytes"),
        revision=result.get("revision"),
        sha256=beside.read_text().partition(" ")[0] if job.state == "done" and beside.exists() else None,
        error=job.error,
    )
