# SPDX-License-Identifier: MIT
"""The catalogue of honeypot images: the shipped one, an operator's own, and what is wrong in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from decnet_core.deckies.images import CatalogueError, catalogue, image_called

OWN = """
[pot]
reference = "registry.example.org:5000/team/pot:2"
summary = "Own"
persona = "nas"
format = "plain"
[pot.services]
ssh = { port = 22 }
"""


def test_image_is_found_by_its_name_and_by_the_reference_of_another_tag(tmp_path: Path) -> None:
    file = tmp_path / "images.toml"
    file.write_text(OWN)
    images = catalogue(file)
    assert images.keys() > catalogue().keys()
    for given in ("pot", "team/pot:3", "localhost/team/pot", "registry.example.org:5000/team/pot@sha256:00"):
        found = image_called(images, given)
        assert found is not None, given
        assert found.summary == "Own"
        assert found.reference == (images["pot"].reference if given == "pot" else given)
    assert image_called(images, "pots") is None
    assert image_called(images, "other/pot:2") is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("[pot", "images.toml: "),
        (OWN.replace("port = 22", "port = 0"), r"services"),
        (OWN.replace('format = "plain"', 'format = "plain"\ncapabilities = ["NET_RAW"]'), "capabilities"),
        (OWN.replace("summary", "sumary"), "sumary"),
    ],
)
def test_wrong_catalogue_is_told_with_file_and_key(tmp_path: Path, wrong: str, words: str) -> None:
    (tmp_path / "images.toml").write_text(wrong)
    with pytest.raises(CatalogueError, match=words):
        catalogue(tmp_path / "images.toml")


def test_missing_catalogue_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="No such file"):
        catalogue(tmp_path / "none.toml")


@pytest.mark.parametrize("name", [name for name, image in catalogue().items() if image.command])
def test_commands_of_the_catalogue_are_programs(name: str) -> None:
    program, flag, text = catalogue()[name].command
    assert flag == "-c"
    if "python" in program:
        compile(text, name, "exec")
    else:
        subprocess.run([program, "-n", "-c", text], check=True)
