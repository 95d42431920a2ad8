# SPDX-License-Identifier: MIT
"""One word names a worker in every place it appears, and all distributions march in step."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from decnet_core.bus.broker.permissions import Access, own
from decnet_core.installed import entry_points as installed
from decnet_core.runtime import worker_registry
from decnet_core.settings import Settings

ROOT = Path(__file__).parents[2]
PROJECTS: dict[str, dict[str, Any]] = {
    path.parent.name: tomllib.loads(path.read_text())["project"]
    for path in (ROOT / "packages").glob("*/pyproject.toml")
}


@pytest.mark.parametrize("name", worker_registry.names())
def test_one_word_names_a_worker_everywhere(name: str) -> None:
    worker = worker_registry.load(name)
    plain = name.replace("-", "_")
    assert worker.name == name
    assert worker.__name__.lower() == name.replace("-", "")
    assert worker.__module__.endswith(("." + plain + ".worker", f"decnet_{plain}.worker"))
    scripts = {key: value for project in PROJECTS.values() for key, value in project["scripts"].items()}
    assert scripts[f"decnet-{name}"] == f"{worker.__module__}:{worker.__name__}.main"


@pytest.mark.parametrize("name", worker_registry.names())
def test_each_worker_says_in_one_line_what_it_does(name: str) -> None:
    description = worker_registry.load(name).description()
    assert 10 < len(description) <= 120
    assert "\n" not in description


@pytest.mark.parametrize("name", worker_registry.names())
def test_each_worker_states_its_memory_budget(name: str) -> None:
    assert "memory_budget" in vars(worker_registry.load(name))


@pytest.mark.parametrize("name", worker_registry.names())
def test_a_worker_with_an_account_of_its_own_may_hear_what_it_listens_to(name: str) -> None:
    access = Access(own(name))
    assert [pattern for pattern in worker_registry.load(name).listens if not access.may_subscribe(pattern)] == []


@pytest.mark.parametrize("name", worker_registry.names())
def test_who_opens_the_database_is_forked_where_its_library_is(name: str) -> None:
    """But for those that are parked most of the time and import what they alone need."""
    zygote = worker_registry.zygote_of(name)
    assert (zygote == "database") == worker_registry.load(name).database or zygote == worker_registry.ALONE


@pytest.mark.parametrize("name", sorted(worker_registry.names()))
def test_only_a_worker_that_parks_is_left_to_import_itself(name: str) -> None:
    alone = worker_registry.zygote_of(name) == worker_registry.ALONE
    assert not alone or worker_registry.load(name).parks
    assert not alone or not worker_registry.first_zygotes([name])


OFF_UNTIL = {point.name: point.value for point in entry_points(group=worker_registry.OFF_UNTIL)}


@pytest.mark.parametrize("name", OFF_UNTIL)
def test_a_worker_is_off_until_its_setting_says_where(name: str) -> None:
    assert name in worker_registry.names()
    defaults = Settings({}, {}, "defaults")
    assert worker_registry.off(defaults)[name] == OFF_UNTIL[name]
    assert name not in worker_registry.wanted(defaults)
    assert not getattr(worker_registry.load(name).Settings(), OFF_UNTIL[name])
    configured = Settings({name: {OFF_UNTIL[name]: ["something"]}}, {}, "test")
    assert name in worker_registry.wanted(configured)


def test_an_unknown_worker_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(worker_registry.UnknownWorker, match="ingest"):
        worker_registry.load("inject")


def test_all_distributions_have_one_version_and_pin_each_other_to_it() -> None:
    versions = {project["version"] for project in PROJECTS.values()}
    assert len(versions) == 1
    for project in PROJECTS.values():
        for need in project["dependencies"]:
            if need.startswith("decnet"):
                assert need.endswith(f"=={next(iter(versions))}")


def shown(value: object) -> object:
    """Return a value of a project without the classifier that says how it is used."""
    return [one for one in value if not str(one).startswith("Environment ::")] if isinstance(value, list) else value


@pytest.mark.parametrize("distribution", PROJECTS)
def test_a_distribution_says_the_same_of_itself_as_the_others(distribution: str) -> None:
    """But for its name, its description and what it needs: one licence, one set of supported systems."""
    shared = ("version", "license", "license-files", "authors", "requires-python", "readme", "keywords", "classifiers")
    project, first = PROJECTS[distribution], next(iter(PROJECTS.values()))
    assert [shown(project[key]) for key in shared] == [shown(first[key]) for key in shared]
    assert project["description"].startswith("DECNET")


@pytest.mark.parametrize("distribution", PROJECTS)
def test_a_distribution_brings_its_licence_and_its_types(distribution: str) -> None:
    folder = ROOT / "packages" / distribution
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert (folder / "src" / distribution.replace("-", "_") / "py.typed").exists()


TOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
CONTRACTS = {contract["name"]: contract for contract in TOOLS["importlinter"]["contracts"]}


def test_every_distribution_is_checked() -> None:
    packages = {name: name.replace("-", "_") for name in PROJECTS}
    assert set(TOOLS["importlinter"]["root_packages"]) == set(packages.values())
    assert {f"packages/{name}/src" for name in packages} <= set(TOOLS["mypy"]["mypy_path"])
    others = set(CONTRACTS["core stands alone"]["forbidden_modules"])
    assert set(packages.values()) - {"decnet_core"} <= others


def names(pattern: str, module: str) -> bool:
    """Whether import-linter's pattern means the module: `*` is one part of its name, `**` are one or more."""
    return re.fullmatch(re.escape(pattern).replace(r"\*\*", ".+").replace(r"\*", "[^.]+"), module) is not None


@pytest.mark.parametrize(
    ("distribution", "contract"),
    [
        ("decnet_workers", "a worker never imports another worker"),
        ("decnet_swarm", "forwarder and listener do not know each other"),
        ("decnet_sniff", "collector, sniffer and prober do not know each other"),
    ],
)
def test_no_worker_is_left_out_of_the_contract_that_keeps_them_apart(distribution: str, contract: str) -> None:
    folders = [one.module.removesuffix(".worker") for one in entry_points(group=worker_registry.GROUP)]
    mine = [folder for folder in folders if folder.startswith(f"{distribution}.")]
    assert mine
    assert CONTRACTS[contract]["modules"] == [f"{distribution}.*"]
    assert all(names(f"{distribution}.*", folder) for folder in mine)
    ignored = [one.split(" -> ")[1] for one in CONTRACTS[contract]["ignore_imports"]]
    assert not [folder for folder in mine for one in ignored if names(one, f"{folder}.worker")]


def test_only_webhook_and_single_requests_know_an_http_library() -> None:
    contract = CONTRACTS["an HTTP client only where requests are made"]
    assert contract["source_modules"] == ["decnet_workers.*"]
    assert contract["ignore_imports"] == [
        "decnet_workers.webhook.** -> h11",
        "decnet_workers.outbound.http_request -> h11",
    ]


@pytest.mark.parametrize("group", ["decnet.off_until", "decnet.services", "decnet.zygotes"])
def test_entry_points_are_those_that_the_standard_library_finds(group: str) -> None:
    theirs = sorted((point.name, point.value, point.group) for point in entry_points(group=group))
    assert sorted(installed.entry_points(group)) == theirs != []


def test_every_source_file_states_its_licence() -> None:
    files = [p for folder in ("packages", "tests", "benchmarks", "docs") for p in (ROOT / folder).rglob("*.py")]
    files += [ROOT / "noxfile.py", ROOT / "Makefile", ROOT / ".ci" / "run", *ROOT.glob("**/pyproject.toml")]
    without = [
        p
        for p in files
        if not {".venv", "node_modules"} & set(p.parts) and "SPDX-License-Identifier: MIT" not in p.read_text()[:200]
    ]
    assert not without


def test_no_folder_of_sources_holds_more_than_fifteen_modules() -> None:
    sizes = {
        path.parent: len(list(path.parent.glob("*.py"))) - 1 for path in ROOT.glob("packages/*/src/**/__init__.py")
    }
    assert len(sizes) > 200
    assert {folder: size for folder, size in sizes.items() if size > 15} == {}
