# SPDX-License-Identifier: MIT
"""The settings file that init writes: every setting, its default, what it means; and TOML, also when uncommented."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from decnet.installation.master import database_of
from decnet.up.known_sections import SHARED, refuse_unknown
from decnet_core.runtime import worker_registry
from decnet_core.settings import Settings
from decnet_core.setup.field_docs import field_docs
from decnet_core.setup.host_files import SECTIONS, Database, files_of, site_of
from decnet_core.setup.settings_text import environment_text, settings_text
from decnet_core.units.job import Site
from decnet_decoys.settings import DecoysSettings
from decnet_sniff.collect.settings import CollectSettings
from decnet_workers.enrich.settings import EnrichSettings

DEFAULTS = Settings({}, {}, "defaults")
PROGRAMS = Path("/opt/decnet/bin")
DATABASE = database_of(DEFAULTS, "/var/lib/decnet")


class Inner(msgspec.Struct, frozen=True):
    """A table in a section."""

    size_bytes: int = 5


class Section(msgspec.Struct, frozen=True):
    """A section."""

    word: str = 'a "quoted" word'
    """What the word
    means."""
    silent: bool = False
    many: tuple[str, ...] = ("a", "b")
    inner: Inner = Inner()
    last: float = 0.5


def written(database: Database | None) -> str:
    site: Site = site_of(DEFAULTS, PROGRAMS, database=database)
    return files_of(DEFAULTS, site, "units", database=database)[site.settings]


def uncommented(text: str) -> str:
    return re.sub(r"^#(\w+ = )", r"\1", text, flags=re.MULTILINE)


def test_each_setting_stands_below_its_sentence() -> None:
    lines = settings_text({"part": Section}, {}).splitlines()
    start = lines.index("[part]")
    assert lines[start:] == [
        "[part]",
        "# What the word means.",
        '#word = "a \\"quoted\\" word"',
        "#silent = false",
        '#many = ["a", "b"]',
        "#last = 0.5",
        "",
        "[part.inner]",
        "#size_bytes = 5",
    ]


def test_a_chosen_value_is_set_and_the_rest_is_not() -> None:
    found = tomllib.loads(settings_text({"part": Section}, {"part": {"word": "x"}}))
    assert found == {"part": {"word": "x", "inner": {}}}


def test_uncommented_the_file_says_the_defaults_of_every_worker() -> None:
    text = written(DATABASE)
    settings = Settings(tomllib.loads(uncommented(text)), {}, "test")
    refuse_unknown(settings)
    for name in worker_registry.names():
        if name != "bus":
            shape = worker_registry.load(name).Settings
            assert settings.section(name, shape) == shape()
    for name, shape in {**SECTIONS, "database": DATABASE.section}.items():
        assert set(msgspec.structs.asdict(settings.section(name, shape))) == set(shape.__struct_fields__)


def test_as_written_the_file_names_one_state_directory_for_all_accounts() -> None:
    found = tomllib.loads(written(DATABASE))
    assert {name: table for name, table in found.items() if any(table.values())} == {
        "state": {"dir": "/var/lib/decnet"},
        "database": {"url": "sqlite:////var/lib/decnet/database/decnet.db"},
    }


def test_what_may_be_repeated_has_a_sample_that_works() -> None:
    text = written(DATABASE)
    assert "#   [[decoys.decky]]" in text
    settings = Settings(tomllib.loads(re.sub(r"^#   ", "", text, flags=re.MULTILINE)), {}, "test")
    deckies = settings.section("decoys", DecoysSettings).decky
    assert [(decky.name, decky.services) for decky in deckies] == [("web-01", {"ssh": 2222, "http": 8080})]
    assert [source.format for source in settings.section("collect", CollectSettings).source] == ["cowrie"]
    assert [each.verdict for each in settings.section("enrich", EnrichSettings).lists] == ["benign"]


def test_every_shared_section_has_its_shape() -> None:
    assert {*SECTIONS, "database"} == set(SHARED)


def test_the_environment_file_sets_nothing() -> None:
    assert all(line.startswith("#") for line in environment_text().splitlines())


def parts_of(shape: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    """The Struct and those that its fields are or hold."""
    yield shape
    for field in msgspec.structs.fields(shape):
        for each in (field.type, *get_args(field.type)):
            if isinstance(each, type) and issubclass(each, msgspec.Struct):
                yield from parts_of(each)


@pytest.mark.parametrize("section", [*SECTIONS, "database", *worker_registry.names()])
def test_every_setting_has_its_sentence(section: str) -> None:
    known = {**SECTIONS, "database": DATABASE.section}
    shape = known[section] if section in known else worker_registry.load(section).Settings
    for part in parts_of(shape):
        missing = set(part.__struct_fields__) - set(field_docs(part))
        assert not missing, f"{part.__name__} does not say what {missing} mean"
