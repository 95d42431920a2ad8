# SPDX-License-Identifier: MIT
"""The units of the workers that are installed, as systemd itself judges them: no warning, exposure at most 2.0."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from decnet_core.runtime import worker_registry
from decnet_core.settings import Settings
from decnet_core.setup.roles import Role, jobs_for, site_for
from decnet_core.spool.positions import READERS
from decnet_core.units.folders import tmpfiles
from decnet_core.units.job import Job, Site, job_of
from decnet_core.units.render import SYSUSERS, TMPFILES, UNITS, files
from decnet_core.units.services import worker_unit

LARGEST_EXPOSURE = 2.0
EVERYTHING = {
    "sniff": {"interfaces": ["eth0"]},
    "probe": {"enabled": True},
    "canary": {"http_listen": "0.0.0.0:80", "dns_listen": "0.0.0.0:53"},
    "listener": {"listen": "0.0.0.0:6514"},
    "forwarder": {"server": "master.example.net:6514"},
}
"""Settings with which each worker needs the most."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze here; apt-get install systemd"
)


def installed(document: dict[str, dict[str, object]] | None = None) -> list[Job]:
    settings = Settings(document or {}, {}, "defaults")
    workers = [worker_registry.load(name) for name in worker_registry.names()]
    return [job_of(worker, settings.section(worker.name, worker.Settings)) for worker in workers]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root file system with the units, and with programs where the units look for them."""
    root = tmp_path_factory.mktemp("root")
    programs = root / "opt/decnet/bin"
    for name, text in files(installed(), Site(programs="/opt/decnet/bin")).items():
        target = root / name.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    names = [f"decnet-{name}" for name in (*worker_registry.names(), "supervise", "db")]
    for program in [*(programs / name for name in names), root / "bin/kill"]:
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    for unit in ("network.target", "multi-user.target", "sysinit.target", "basic.target", "shutdown.target"):
        target = root / "usr/lib/systemd/system" / unit
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"[Unit]\nDescription={unit}\n")
    return root


def units_in(root: Path) -> list[Path]:
    return sorted((root / UNITS.lstrip("/")).iterdir())


@needs_systemd
def test_systemd_has_no_word_to_say_against_the_units(root: Path) -> None:
    paths = [str(path) for path in units_in(root)]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"--root={root}", *(path.removeprefix(str(root)) for path in paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if "decnet" in line]
    assert not said
    assert done.returncode == 0, done.stderr


@needs_systemd
@pytest.mark.parametrize("role", ["all", "sensor"])
@pytest.mark.parametrize("document", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_exposure_is_at_most_2(tmp_path: Path, role: Role, document: dict[str, dict[str, object]]) -> None:
    jobs = jobs_for(role, installed(document))
    services = []
    for name, text in files(jobs, site_for(role, Site(programs="/opt/decnet/bin"))).items():
        path = tmp_path / Path(name).name
        if path.suffix == ".service":
            path.write_text(text)
            services.append(path)
    found = exposures(services)
    assert set(found) == {path.name for path in services}
    assert set(found) >= {job.service for job in jobs}
    assert len([name for name in found if name.startswith("decnet-supervise@")]) >= 1
    assert {name: value for name, value in found.items() if value > LARGEST_EXPOSURE} == {}


def exposures(paths: list[Path]) -> dict[str, float]:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
    )
    levels = re.findall(r"Overall exposure level for (\S+): ([\d.]+) ", done.stdout)
    return {name: float(level) for name, level in levels}


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers here")
def test_systemd_makes_the_accounts(tmp_path: Path) -> None:
    (tmp_path / "etc/sysusers.d").mkdir(parents=True)
    (tmp_path / SYSUSERS.lstrip("/")).write_text(files(installed(), Site(programs="/b"))[SYSUSERS])
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}"], check=True, capture_output=True)
    users = {line.split(":")[0]: line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0]: line.split(":") for line in (tmp_path / "etc/group").read_text().splitlines()}
    for job in installed():
        assert users[job.user][3] == groups["decnet"][2]
        assert users[job.user][6].endswith("nologin")
        assert (job.user in groups["decnet-db"][3].split(",")) == job.database
        assert (job.user in groups["decnet-spool"][3].split(",")) == job.reads_spools
    assert len({fields[2] for fields in users.values()}) == len(users)


def test_every_account_name_fits_a_passwd_entry() -> None:
    assert all(len(job.user) <= 31 for job in installed())


def test_every_worker_is_in_a_group_that_is_explained() -> None:
    from decnet_core.supervise.groups import MEANING

    assert {job.group for job in installed()} <= set(MEANING)


def test_only_a_reader_writes_what_it_has_acknowledged() -> None:
    readers = {job.name: [folder for folder in job.writes if folder.startswith("spool")] for job in installed()}
    assert {name: folders for name, folders in readers.items() if folders} == {
        name: [f"spool/{READERS}/{name}"] for name in ("ingest", "forwarder")
    }


def test_exposed_workers_cannot_open_the_database() -> None:
    exposed = {job.name for job in installed() if job.spools}
    assert exposed >= {"decoys", "canary", "collect"}
    assert not {job.name for job in installed() if job.database} & exposed


def test_tmpfiles_lines_are_understood(tmp_path: Path) -> None:
    text = files(installed(), Site(programs="/b"))[TMPFILES]
    kinds = {line.split()[0] for line in text.splitlines() if not line.startswith("#")}
    assert kinds <= {"d", "f", "z", "Z"}
    assert all(len(line.split()) == 5 for line in text.splitlines() if not line.startswith("#"))


def test_worker_in_several_processes_has_a_spool_and_memory_for_each() -> None:
    (job,) = (job for job in installed({"decoys": {"processes": 3}}) if job.name == "decoys")
    (alone,) = (job for job in installed() if job.name == "decoys")
    assert job.spools == ("decoys", "decoys.2", "decoys.3")
    assert job.memory_budget == 3 * alone.memory_budget
    site = Site(programs="/opt/decnet/bin")
    text = worker_unit(job, site)
    assert f"MemoryMax={job.memory_budget}" in text
    assert "TasksMax=192" in text
    assert "/var/lib/decnet/spool/decoys.3" in text
    assert "d /var/lib/decnet/spool/decoys.3 2750 decnet-decoys decnet-spool" in tmpfiles([job], site)
