# SPDX-License-Identifier: MIT
"""Entry points are found as the standard library finds them, which takes more memory."""

from __future__ import annotations

import importlib.metadata
import sys
import zipfile
from pathlib import Path

import pytest

from decnet_core.installed.entry_points import EntryPoint, entry_points

POINTS = """\
# made by hand
[decnet.trial]
first = json:dumps
second = json.decoder : JSONDecoder.decode
third=json:loads [extra]

[another]
fourth = json:dump
"""


def install(folder: Path, name: str, text: str) -> None:
    metadata = folder / name
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.partition('-')[0]}\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(text)


def by_the_standard_library(group: str) -> list[tuple[str, str, str]]:
    return sorted((point.name, point.value, point.group) for point in importlib.metadata.entry_points(group=group))


@pytest.mark.parametrize("group", ["decnet.workers", "console_scripts"])
def test_those_of_this_environment_are_found(group: str) -> None:
    assert sorted(entry_points(group)) == by_the_standard_library(group) != []


def test_what_they_name_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    install(tmp_path, "trial-1.dist-info", POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    found = {point.name: point.load() for point in entry_points("decnet.trial")}
    assert found == {"first": json.dumps, "second": json.JSONDecoder.decode, "third": json.loads}
    with pytest.raises(ImportError):
        EntryPoint("x", "no_such_module:X", "decnet.trial").load()
    with pytest.raises(AttributeError):
        EntryPoint("x", "json:no_such_name", "decnet.trial").load()


def test_a_distribution_that_is_installed_twice_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "later", "Some.Trial-1.dist-info", "[decnet.trial]\nold = a:b\n")
    install(tmp_path / "sooner", "some_trial-2.dist-info", "[decnet.trial]\nnew = a:b\n")
    for folder in ("later", "sooner"):
        monkeypatch.syspath_prepend(tmp_path / folder)
    assert [point.name for point in entry_points("decnet.trial")] == ["new"]


def test_those_in_an_archive_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "app.pyz", "w") as archive:
        archive.writestr("zipped-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: zipped\nVersion: 1\n")
        archive.writestr("zipped-1.dist-info/entry_points.txt", POINTS)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "app.pyz"), *sys.path])
    assert [point.name for point in entry_points("decnet.trial")] == ["first", "second", "third"]
