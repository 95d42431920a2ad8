# SPDX-License-Identifier: MIT
"""Settings: each with its value and where it comes from; the file, and what another text of it would change."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from decnet_web.api.models import Answer, Asked, Whole


class SettingShown(Answer):
    """A setting as it is; secrets are hidden."""

    section: str
    name: str
    value: Any
    default: Any
    origin: str
    """A file with its line, a variable of the environment, or `default`."""
    meaning: str


class SettingsShown(Answer):
    """All settings."""

    items: list[SettingShown]
    file: str
    exists: bool
    problems: list[str]
    """What is wrong with them; a section that is wrong has no settings in `items`."""


class SettingsFileShown(Answer):
    """The settings file as it is; it may hold secrets."""

    path: str
    text: str | None
    """Null: it does not exist."""
    digest: str
    """What to send as `digest` when replacing it."""


class SettingsText(Asked):
    """Another text of the settings file."""

    text: Whole = Field(max_length=1 << 20)


class SettingsChange(SettingsText):
    """The text that is to replace the file that was seen."""

    digest: str = Field(max_length=64)


class SettingDifference(Answer):
    """A setting that would change; secrets are hidden."""

    section: str
    name: str
    before: Any
    after: Any


class SettingsPlan(Answer):
    """What another text would change."""

    differences: list[SettingDifference]
    problems: list[str]
    """With any of these it is not written."""
    restart: list[str]
    """Workers that read these settings at their next start."""
    whole_fleet: bool
    """Whether some of them are read by all: then restart the fleet."""


class SettingsWritten(SettingsPlan):
    """What was changed."""

    path: str
    digest: str
