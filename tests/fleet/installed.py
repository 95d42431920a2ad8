# SPDX-License-Identifier: MIT
"""Distributions of workers made for a test, installed as pip would: a folder of metadata beside the modules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def install(site: Path, workers: Mapping[str, str], modules: Mapping[str, str]) -> dict[str, str]:
    """Write the modules (name to text) and register the workers (name to place); return the environment to add."""
    metadata = site / "decnet_test_workers-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: decnet-test-workers\nVersion: 1\n")
    lines = [f"{name} = {place}" for name, place in workers.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[decnet.workers]", *lines]) + "\n")
    for name, text in modules.items():
        (site / f"{name}.py").write_text(text)
    return {"PYTHONPATH": str(site)}
