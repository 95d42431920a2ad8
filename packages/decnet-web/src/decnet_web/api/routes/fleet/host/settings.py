# SPDX-License-Identifier: MIT
"""Settings: show where each value comes from, check another text of the file, replace the file by a good one."""

from __future__ import annotations

import tomllib
from pathlib import Path

from fastapi import APIRouter

from decnet.configuration.looking import Compared, compare, look
from decnet.configuration.settings_file import SettingsFile
from decnet_core.runtime import worker_registry
from decnet_core.settings import Settings
from decnet_web.api.audit import audited
from decnet_web.api.dependencies import Admin, InFleet
from decnet_web.api.fleet import Fleet
from decnet_web.api.problems import Problem
from decnet_web.api.routes.fleet.digests import digest_of, refuse_changed
from decnet_web.api.routes.fleet.host.settings_shapes import (
    SettingDifference,
    SettingsChange,
    SettingsFileShown,
    SettingShown,
    SettingsPlan,
    SettingsShown,
    SettingsText,
    SettingsWritten,
)
from decnet_web.api.routes.fleet.host_only import or_on_host

router = APIRouter(tags=["settings"])


@router.get("/settings")
async def list_settings(fleet: InFleet, _admin: Admin) -> SettingsShown:
    """Show every setting with its value, its default and where it comes from; secrets are hidden."""

    def read() -> SettingsShown:
        current = _current(fleet)
        found = look(current)
        return SettingsShown(
            items=[SettingShown.model_validate(one) for one in found.settings],
            file=current.source,
            exists=Path(current.source).is_file(),
            problems=list(found.problems),
        )

    return await fleet.thread(read)


@router.get("/settings/file")
async def show_settings_file(fleet: InFleet, admin: Admin) -> SettingsFileShown:
    """Show the settings file as it is. It may hold secrets; the audit keeps that you have looked."""
    text = await fleet.thread(lambda: _file(fleet).text())
    await audited(fleet, admin, "settings.look", str(_file(fleet).path))
    return SettingsFileShown(path=str(_file(fleet).path), text=text, digest=digest_of(text))


@router.post("/settings/check")
async def check_settings(asked: SettingsText, fleet: InFleet, _admin: Admin) -> SettingsPlan:
    """Show what another text of the settings file would change, and what is wrong with it. Nothing is written."""
    return await fleet.thread(lambda: _plan(compare(_current(fleet), asked.text)))


@router.put("/settings/file")
async def replace_settings_file(asked: SettingsChange, fleet: InFleet, admin: Admin) -> SettingsWritten:
    """Replace the settings file by a text without errors; workers read it at their next start."""

    def write() -> SettingsWritten:
        file = _file(fleet)
        before = file.text()
        refuse_changed(before, asked.digest, str(file.path))
        compared = compare(_current(fleet), asked.text)
        if compared.problems:
            raise Problem(422, "Bad settings", "nothing was written: settings are wrong", problems=compared.problems)
        with or_on_host("decnet config edit"):
            file.replace(before, asked.text)
        return SettingsWritten(**dict(_plan(compared)), path=str(file.path), digest=digest_of(asked.text))

    made = await fleet.thread(write)
    changed = [f"[{one.section}] {one.name}" for one in made.differences]
    await audited(fleet, admin, "settings.change", made.path, changed=changed[:100])
    return made


def _current(fleet: Fleet) -> Settings:
    """Return the settings as the file says now; those with which this worker started where there is no file."""
    plain = fleet.deployment.settings.plain()
    try:
        document = tomllib.loads(Path(plain["source"]).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return fleet.deployment.settings
    return Settings(document, plain["environ"], plain["source"])


def _file(fleet: Fleet) -> SettingsFile:
    source = fleet.deployment.settings.source
    if not source:
        raise Problem(409, detail="this fleet has no settings file: start it with --settings FILE")
    return SettingsFile(Path(source))


def _plan(compared: Compared) -> SettingsPlan:
    sections, workers = {one.section for one in compared.differences}, worker_registry.names()
    return SettingsPlan(
        differences=[SettingDifference.model_validate(one) for one in compared.differences],
        problems=list(compared.problems),
        restart=[name for name in workers if name in sections],
        whole_fleet=bool(sections - {*workers}),
    )
