# SPDX-License-Identifier: MIT
"""Values in, text out: what a worker declares is in its unit, and nothing more."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from decnet_core.state import NAMESPACES
from decnet_core.unit_results import results
from decnet_core.units.job import Job, Site, network_of, writable
from decnet_core.units.render import SYSUSERS, TMPFILES, UNITS, files
from decnet_core.units.services import worker_unit

SITE = Site(programs="/opt/decnet/bin")
BUS = Job(name="bus", description="Carries", group="bus", memory_budget=1 << 20, serves_workers=True)
READER = Job(
    name="reader",
    description="Reads 100% of all",
    group="herd",
    memory_budget=2 << 20,
    database=True,
    gives_way=True,
)
LISTENER = Job(
    name="listener",
    description="Listens",
    group="herd",
    memory_budget=3 << 20,
    capabilities=("CAP_NET_BIND_SERVICE",),
    network="any",
    spools=("listener",),
    writes=("positions", "quarantine/listener"),
    keys=("listener.key",),
    exposed=True,
)
JOBS = (BUS, READER, LISTENER)


def assignments(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def unit_of(name: str, site: Site = SITE) -> dict[str, list[str]]:
    return assignments(files(JOBS, site)[f"{UNITS}/{name}"])


def test_a_worker_gets_what_it_declares() -> None:
    unit = unit_of("decnet-listener.service")
    assert unit["ExecStart"] == ["/opt/decnet/bin/decnet-listener"]
    assert unit["User"] == ["decnet-listener"]
    assert unit["MemoryMax"] == [str(3 << 20)]
    assert unit["CapabilityBoundingSet"] == unit["AmbientCapabilities"] == ["CAP_NET_BIND_SERVICE"]
    assert unit["PrivateNetwork"] == ["no"]
    assert unit["ReadWritePaths"][0].split() == [
        "/var/lib/decnet/positions",
        "/var/lib/decnet/quarantine/listener",
        "/var/lib/decnet/run/listener",
        "/var/lib/decnet/run/units",
        "/var/lib/decnet/spool/listener",
    ]


def test_a_worker_that_declares_nothing_gets_nothing() -> None:
    unit = unit_of("decnet-bus.service")
    assert unit["CapabilityBoundingSet"] == unit["AmbientCapabilities"] == [""]
    assert unit["RestrictAddressFamilies"] == ["AF_UNIX"]
    assert unit["PrivateNetwork"] == ["yes"]
    assert unit["ReadWritePaths"] == ["/var/lib/decnet/run/bus /var/lib/decnet/run/units"]
    assert unit["SupplementaryGroups"] == [""]


def test_a_unit_notes_that_it_has_failed_and_that_it_is_ready_again(tmp_path: Path) -> None:
    unit = unit_of("decnet-listener.service")
    note = "/var/lib/decnet/run/units/listener"
    assert unit["ExecStartPost"] == [f"-/bin/rm -f {note}"]
    command = unit["ExecStopPost"][0].removeprefix("-/bin/sh -c '").removesuffix("'").replace("$$", "$")
    (tmp_path / "units").mkdir()
    for result, found in (("exit-code", {"listener": "exit-code"}), ("success", {})):
        here = command.replace("/var/lib/decnet/run", str(tmp_path))
        subprocess.run(["/bin/sh", "-c", here], env={"SERVICE_RESULT": result}, check=True, timeout=100)
        assert results(tmp_path) == found
        assert (tmp_path / "units" / "listener").stat().st_mode & 0o777 == 0o640


def test_only_database_workers_may_open_the_database_and_they_wait_for_its_migration() -> None:
    reader, listener = unit_of("decnet-reader.service"), unit_of("decnet-listener.service")
    assert reader["SupplementaryGroups"] == ["decnet-db"]
    assert reader["Requires"] == ["decnet-db.service"]
    assert "decnet-db.service" in reader["After"][0].split()
    assert "/var/lib/decnet/database" in reader["ReadWritePaths"][0]
    assert "Requires" not in listener
    assert "database" not in listener["ReadWritePaths"][0]


def test_only_database_workers_are_told_the_password_of_a_database_server() -> None:
    for name, told in (("reader", True), ("listener", False), ("bus", False), ("db", True)):
        (withheld,) = unit_of(f"decnet-{name}.service")["UnsetEnvironment"]
        assert ("DECNET_DATABASE_URL" not in withheld.split()) == told
        assert ("DECNET_BUS_TCP_TOKEN" not in withheld.split()) == (name == "bus")
    assert unit_of("decnet-supervise@herd.service")["UnsetEnvironment"] == ["DECNET_BUS_TCP_TOKEN"]
    assert unit_of("decnet-supervise@bus.service")["UnsetEnvironment"] == ["DECNET_DATABASE_URL"]


def test_a_start_up_failure_is_not_retried() -> None:
    assert unit_of("decnet-reader.service")["RestartPreventExitStatus"] == ["78"]


def test_only_one_that_attackers_can_reach_is_restarted_for_ever() -> None:
    reader, listener = unit_of("decnet-reader.service"), unit_of("decnet-listener.service")
    assert (reader["StartLimitIntervalSec"], reader["StartLimitBurst"]) == (["120"], ["10"])
    assert listener["StartLimitIntervalSec"] == ["0"]
    assert "StartLimitBurst" not in listener
    assert (reader["RestartSec"], listener["RestartSec"]) == (["1"], ["5"])


def test_a_percent_sign_of_a_description_is_no_specifier() -> None:
    assert unit_of("decnet-reader.service")["Description"] == ["DECNET reader: Reads 100%% of all"]


@pytest.mark.parametrize(
    ("site", "job", "network"),
    [
        (Site(programs="/b"), READER, "none"),
        (Site(programs="/b", bus_network="any"), READER, "any"),
        (Site(programs="/b", database_network="any"), READER, "any"),
        (Site(programs="/b", database_network="any"), BUS, "none"),
        (Site(programs="/b", broker_network="loopback"), BUS, "loopback"),
        (Site(programs="/b", broker_network="loopback"), READER, "none"),
        (Site(programs="/b"), LISTENER, "any"),
    ],
)
def test_a_worker_reaches_what_it_the_bus_and_the_database_need(site: Site, job: Job, network: str) -> None:
    assert network_of(job, site) == network


def test_a_loopback_broker_is_denied_all_other_addresses() -> None:
    unit = unit_of("decnet-bus.service", Site(programs="/b", broker_network="loopback"))
    assert unit["IPAddressDeny"] == ["any"]
    assert unit["IPAddressAllow"] == ["localhost"]


def test_a_group_takes_the_place_of_its_workers_and_of_all() -> None:
    herd, everything = unit_of("decnet-supervise@herd.service"), unit_of("decnet-supervise@all.service")
    assert herd["Conflicts"] == ["decnet-reader.service decnet-listener.service"]
    assert set(herd["Conflicts"][0].split()) <= set(herd["After"][0].split())
    assert "decnet-supervise@herd.service" in everything["Conflicts"][0].split()


def test_a_group_holds_the_sum_of_what_its_workers_declare() -> None:
    herd = unit_of("decnet-supervise@herd.service")
    assert "CAP_NET_BIND_SERVICE" in herd["CapabilityBoundingSet"][0].split()
    assert "CAP_SETUID" in herd["CapabilityBoundingSet"][0].split()
    assert int(herd["MemoryMax"][0]) > READER.memory_budget + LISTENER.memory_budget
    for job in (READER, LISTENER):
        assert set(writable(job, SITE)) <= set(herd["ReadWritePaths"][0].split())
    assert "CAP_NET_BIND_SERVICE" not in unit_of("decnet-supervise@bus.service")["CapabilityBoundingSet"][0]


def test_a_worker_that_captures_packets_keeps_a_unit_of_its_own() -> None:
    sniff = Job(name="sniff", description="Looks", group="herd", memory_budget=1, capabilities=("CAP_NET_RAW",))
    written = files((*JOBS, sniff), SITE, "groups")
    for group in ("herd", "all"):
        unit = assignments(written[f"{UNITS}/decnet-supervise@{group}.service"])
        assert unit["ExecStart"] == [f"/opt/decnet/bin/decnet-supervise --separate {group} --omit sniff"]
        assert "CAP_NET_RAW" not in unit["CapabilityBoundingSet"][0]
        assert "AF_PACKET" not in unit["RestrictAddressFamilies"][0]
        assert "decnet-sniff.service" not in unit["Conflicts"][0]
    assert "decnet-sniff.service" in assignments(written[f"{UNITS}/decnet.target"])["Wants"][0].split()
    assert "AF_PACKET" in assignments(written[f"{UNITS}/decnet-sniff.service"])["RestrictAddressFamilies"][0]
    assert assignments(written[f"{UNITS}/decnet-supervise@bus.service"])["ExecStart"][0].endswith("--separate bus")


def test_a_worker_that_makes_namespaces_shares_the_mounts_of_the_host() -> None:
    held = ("CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_ADMIN")
    maker = Job(name="maker", description="Makes", group="herd", memory_budget=1, capabilities=held, network="any")
    written = files((*JOBS, maker), SITE)
    unit = assignments(written[f"{UNITS}/decnet-maker.service"])
    assert not {name for name in unit if name.startswith(("Private", "Protect"))} - {
        "PrivateNetwork", "PrivateUsers", "ProtectClock", "ProtectHostname"
    }  # fmt: skip
    assert "ReadWritePaths" not in unit
    assert unit["RestrictNamespaces"] == ["net"]
    assert "mount" in unit["SystemCallFilter"][-1].split()
    assert "mount" not in unit_of("decnet-listener.service")["SystemCallFilter"][-1].split()
    assert f"d {NAMESPACES} 0755 decnet-maker decnet" in written[TMPFILES].splitlines()
    assert NAMESPACES not in files(JOBS, SITE)[TMPFILES]


def test_one_that_gives_way_is_made_nice_by_its_unit_and_by_itself_in_a_group() -> None:
    """Its own unit refuses setpriority(2)."""
    assert unit_of("decnet-reader.service")["Nice"] == ["5"]
    assert "Nice" not in unit_of("decnet-listener.service")
    assert "setpriority" not in unit_of("decnet-reader.service")["SystemCallFilter"][-1].split()
    assert "setpriority" in unit_of("decnet-supervise@herd.service")["SystemCallFilter"][-1].split()


def test_only_the_main_process_of_a_group_is_listened_to() -> None:
    assert unit_of("decnet-supervise@all.service")["NotifyAccess"] == ["main"]


def test_only_readers_of_spools_may_open_them() -> None:
    forwarder = Job(name="forwarder", description="Sends", group="sensor", memory_budget=1, reads_spools=True)
    written = files((LISTENER, forwarder), SITE)
    assert "d /var/lib/decnet/spool/listener 2750 decnet-listener decnet-spool" in written[TMPFILES].splitlines()
    members = [line for line in written[SYSUSERS].splitlines() if line.startswith("m ")]
    assert members == ["m decnet-forwarder decnet-spool"]
    assert assignments(written[f"{UNITS}/decnet-forwarder.service"])["SupplementaryGroups"] == ["decnet-spool"]
    assert assignments(written[f"{UNITS}/decnet-listener.service"])["SupplementaryGroups"] == [""]


def test_a_key_is_its_workers_alone_unless_another_does_what_the_operator_does_with_it() -> None:
    face = Job(name="face", description="Shows", group="face", memory_budget=1, reads_keys=("listener.key",))
    alone, shared = files((LISTENER,), SITE), files((LISTENER, face), SITE)
    key = "z /var/lib/decnet/keys/listener.key"
    assert f"{key} 0600 decnet-listener decnet" in alone[TMPFILES].splitlines()
    assert f"{key} 0640 decnet-listener decnet-keys" in shared[TMPFILES].splitlines()
    assert "decnet-keys" not in alone[SYSUSERS]
    assert "m decnet-face decnet-keys" in shared[SYSUSERS].splitlines()
    assert assignments(shared[f"{UNITS}/decnet-face.service"])["SupplementaryGroups"] == ["decnet-keys"]
    assert assignments(shared[f"{UNITS}/decnet-listener.service"])["SupplementaryGroups"] == [""]


def test_the_target_starts_either_the_workers_or_their_groups() -> None:
    units = assignments(files(JOBS, SITE, "units")[f"{UNITS}/decnet.target"])["Wants"][0].split()
    groups = assignments(files(JOBS, SITE, "groups")[f"{UNITS}/decnet.target"])["Wants"][0].split()
    assert units == ["decnet-bus.service", "decnet-reader.service", "decnet-listener.service"]
    assert groups == ["decnet-supervise@bus.service", "decnet-supervise@herd.service"]


def test_each_worker_has_an_account_and_only_database_workers_the_database_group() -> None:
    lines = files(JOBS, SITE)["/etc/sysusers.d/decnet.conf"].splitlines()
    assert {line.split()[1] for line in lines if line.startswith("u ")} == {
        "decnet-db", "decnet-bus", "decnet-reader", "decnet-listener", "decnet-supervise",
    }  # fmt: skip
    assert [line for line in lines if line.startswith("m ")] == ["m decnet-reader decnet-db", "m decnet-db decnet"]


def test_every_writable_path_is_made_before_a_unit_starts() -> None:
    made = {line.split()[1] for line in files(JOBS, SITE)["/etc/tmpfiles.d/decnet.conf"].splitlines()[1:]}
    for job in JOBS:
        assert set(writable(job, SITE)) <= made


def test_no_directory_is_made_twice() -> None:
    made = [line.split()[1] for line in files(JOBS, SITE)["/etc/tmpfiles.d/decnet.conf"].splitlines()[1:]]
    assert len(made) == len(set(made))


def test_the_same_values_give_the_same_text() -> None:
    assert worker_unit(READER, SITE) == worker_unit(READER, SITE)
    assert files(JOBS, SITE) == files(JOBS, SITE)


CATCHER = Job(
    name="catcher",
    description="Catches",
    group="sensor",
    memory_budget=1 << 20,
    spools=("catcher",),
    writes=("positions", "swarm/catcher"),
)


def test_sensor_host_has_one_unit_with_all_its_workers_and_the_broker() -> None:
    written = files((BUS, CATCHER), Site(programs="/b", bus_beside="sensor"), "groups")
    units = {path.rpartition("/")[2] for path in written if "supervise@" in path}
    assert units == {"decnet-supervise@sensor.service"}
    unit = assignments(written[f"{UNITS}/decnet-supervise@sensor.service"])
    assert unit["ExecStart"] == ["/b/decnet-supervise --separate bus sensor"]
    assert unit["Conflicts"] == ["decnet-bus.service decnet-catcher.service"]
    assert assignments(written[f"{UNITS}/decnet.target"])["Wants"] == ["decnet-supervise@sensor.service"]


def test_host_without_a_database_has_no_account_unit_or_folder_for_one() -> None:
    assert "decnet-db" not in "".join(
        files((BUS, CATCHER), Site(programs="/b", bus_beside="sensor"), "groups").values()
    )


def test_folder_that_several_workers_write_to_belongs_to_none_of_them() -> None:
    lines = files((BUS, LISTENER, CATCHER), SITE)["/etc/tmpfiles.d/decnet.conf"].splitlines()
    assert [line for line in lines if line.split()[1].endswith("/positions")] == [
        "d /var/lib/decnet/positions 1770 root decnet"
    ]


def test_certificates_are_their_workers_alone_whoever_made_them() -> None:
    lines = files((CATCHER,), SITE)["/etc/tmpfiles.d/decnet.conf"].splitlines()
    assert [line for line in lines if "/swarm" in line] == [
        "d /var/lib/decnet/swarm 0750 root decnet",
        "d /var/lib/decnet/swarm/catcher 0700 decnet-catcher decnet",
        "Z /var/lib/decnet/swarm/catcher ~0700 decnet-catcher decnet",
    ]
