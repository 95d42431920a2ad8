# SPDX-License-Identifier: MIT
"""Which sections a settings file may have: the shared ones and one per installed worker."""

from decnet_core.runtime import worker_registry
from decnet_core.settings import Settings, refuse_unknown_sections

SHARED = ("state", "bus", "spool", "runtime", "database", "supervise")


def refuse_unknown(settings: Settings) -> None:
    """Raise SettingsError for an unknown section: a misspelt one would otherwise be ignored."""
    refuse_unknown_sections(settings, [*SHARED, *worker_registry.names()])
