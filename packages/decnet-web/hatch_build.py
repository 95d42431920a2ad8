# SPDX-License-Identifier: MIT
"""Puts the built dashboard into the wheel, so that a wheel needs no node. An editable installation has none of it.

DECNET_WITHOUT_DASHBOARD=1 makes a wheel without it, for tests of what has nothing to do with it.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_STATIC = "src/decnet_web/web/static"


class DashboardHook(BuildHookInterface[Any]):
    """Builds the dashboard before the wheel's files are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build it, and have its files, which git ignores, be in the wheel."""
        if version == "editable" or os.environ.get("DECNET_WITHOUT_DASHBOARD") == "1":
            return
        tool = Path(self.root) / "tools" / "dashboard.py"
        spec = importlib.util.spec_from_file_location("decnet_dashboard_build", tool)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.build()
        build_data["artifacts"].append(f"/{_STATIC}")
