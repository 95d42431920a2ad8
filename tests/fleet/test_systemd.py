# SPDX-License-Identifier: MIT
"""The fleet under a real systemd: set up by `decnet init`, attacked, killed, restarted, stopped, hosted otherwise.

Minutes long, and only where root can boot a container: `nox -s systemd`.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator

import pytest
from tests.fleet.machine import LOOK_SECONDS, Machine, booted, copy_root, obstacle

from decnet_core.runtime import worker_registry
from decnet_core.settings import Settings
from decnet_core.supervise.fork.privileges import numbers

pytestmark = [
    pytest.mark.systemd,
    pytest.mark.skipif(obstacle() is not None, reason=str(obstacle())),
    pytest.mark.timeout(1800),
]

WORKERS = worker_registry.wanted(Settings({}, {}, "defaults"))
UNITS = [f"decnet-{name}.service" for name in WORKERS]
ALL = "decnet-supervise@all.service"
DROP_IN = "/etc/systemd/system/decnet-supervise@.service.d"
NOBODY_PARKS = "[Service]\\nEnvironment=DECNET_RUNTIME_PARK_SECONDS=3600\\n"
"""Most tests here look at the process of each worker."""
GROUPS = sorted({f"decnet-supervise@{worker_registry.load(name).group}.service" for name in WORKERS})


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A booted Debian with the wheels of this tree installed and set up."""
    directory = tmp_path_factory.mktemp("machine")
    copy_root(directory / "root")
    with booted(directory / "root") as found:
        found.run("sh", "-c", f"mkdir -p {DROP_IN} && printf '{NOBODY_PARKS}' > {DROP_IN}/parking.conf")
        found.run("decnet", "init")
        yield found
    shutil.rmtree(directory / "root", ignore_errors=True)


def pids(machine: Machine) -> dict[str, int]:
    """The process of each worker, as the fleet itself tells it."""
    status = json.loads(machine.run("decnet", "status", "--json", check=False).stdout)
    assert not status["down"], status["down"]
    return {name: health["pid"] for name, health in status["workers"].items()}


def pids_now(machine: Machine) -> dict[str, int]:
    """The process of each worker that answers."""
    status = json.loads(machine.run("decnet", "status", "--json", check=False).stdout)
    return {name: health["pid"] for name, health in status["workers"].items() if health}


def drill(machine: Machine) -> None:
    """Attack the fleet; everything must be told."""
    done = machine.run("decnet", "drill", "--json", "--deadline", "120", check=False, seconds=300)
    report = json.loads(done.stdout)
    failed = [outcome for outcome in report["outcomes"] if not outcome["holds"]]
    assert report["holds"], (failed, report["attack_error"])
    assert report["ssh_client"] == "/usr/bin/ssh"


def answers(machine: Machine, seconds: float = 120) -> None:
    """Wait until every worker answers."""
    deadline = time.monotonic() + seconds
    while machine.run("decnet", "status", check=False).returncode != 0:
        assert time.monotonic() < deadline, machine.run("decnet", "status", check=False).stdout
        time.sleep(LOOK_SECONDS)


def status_of(machine: Machine, pid: int) -> dict[str, list[str]]:
    lines = machine.run("cat", f"/proc/{pid}/status").stdout.splitlines()
    return {name: words.split() for name, _, words in (line.partition(":") for line in lines)}


def user_of(machine: Machine, pid: int) -> str:
    (uid, *_) = status_of(machine, pid)["Uid"]
    return machine.run("id", "--name", "--user", uid).stdout.strip()


def expect_least_privilege(machine: Machine) -> None:
    """Each worker is its own user, holds no capability and can get none."""
    for name, pid in pids(machine).items():
        assert user_of(machine, pid) == f"decnet-{name}"
        status = status_of(machine, pid)
        for field in ("CapPrm", "CapEff", "CapBnd", "CapAmb", "CapInh"):
            assert int(status[field][0], 16) == 0, (name, field)
        assert status["NoNewPrivs"] == ["1"]
        assert status["Seccomp"] == ["2"]


def test_the_target_starts_every_worker_and_an_attack_is_reported(machine: Machine) -> None:
    machine.run("systemctl", "enable", "--now", "decnet.target")
    for unit in UNITS:
        machine.until(unit, "ActiveState", "active")
    answers(machine)
    drill(machine)
    expect_least_privilege(machine)


def test_to_set_it_up_again_changes_nothing(machine: Machine) -> None:
    assert machine.run("decnet", "init").stdout.splitlines()[0] == "nothing to change"


def test_secrets_are_their_owners_alone(machine: Machine) -> None:
    """But for those with which the operator's commands work: api, which does the same, reads them as its group."""
    said = machine.run("sh", "-c", "stat --format='%a %U %G %n' /etc/decnet/decnet.env /var/lib/decnet/keys/*").stdout
    owners = {path: (mode, owner, group) for mode, owner, group, path in (line.split() for line in said.splitlines())}
    assert owners.pop("/etc/decnet/decnet.env")[:2] == ("600", "root")
    assert owners["/var/lib/decnet/keys/webhook.key"] == ("640", "decnet-webhook", "decnet-keys")
    assert machine.run("getent", "group", "decnet-keys").stdout.strip().rpartition(":")[2] == "decnet-api"
    for path, (mode, owner, group) in owners.items():
        assert mode in ("600", "700") or (mode, group) == ("640", "decnet-keys"), path
        assert owner != "root", path


def test_exposed_workers_cannot_read_the_database_or_another_workers_key(machine: Machine) -> None:
    for user in ("decnet-decoys", "decnet-canary", "decnet-collect"):
        for path in ("/var/lib/decnet/database/decnet.db", "/var/lib/decnet/keys/webhook.key"):
            done = machine.run(
                "setpriv", f"--reuid={user}", "--regid=decnet", "--init-groups", "cat", path, check=False
            )
            assert done.returncode != 0
            assert "Permission denied" in done.stderr


def test_a_killed_worker_is_started_again(machine: Machine) -> None:
    before = pids(machine)
    for unit in UNITS:
        machine.run("systemctl", "kill", "--signal=KILL", unit)
    deadline = time.monotonic() + 120
    while set(_main_pids(machine).values()) & {*before.values(), 0}:
        assert time.monotonic() < deadline, _main_pids(machine)
        time.sleep(0.2)
    answers(machine)
    drill(machine)


CLIENTS_DURING_A_KILL = """
import os, signal, socket, sys
os.kill(int(sys.argv[1]), signal.SIGKILL)
clients = [socket.create_connection(("127.77.0.10", 8080), 30) for _ in range(20)]
for client in clients:
    client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    assert client.recv(100).startswith(b"HTTP/1.1 200")
"""


def test_clients_of_killed_decoys_wait_for_the_next(machine: Machine) -> None:
    pid = machine.show("decnet-decoys.service", "MainPID")
    for _ in range(2):
        machine.run("python3", "-c", CLIENTS_DURING_A_KILL, pid)
        pid, former = machine.show("decnet-decoys.service", "MainPID"), pid
        assert pid != former
    answers(machine)


def _main_pids(machine: Machine) -> dict[str, int]:
    return {unit: int(machine.show(unit, "MainPID")) for unit in UNITS}


@pytest.mark.parametrize("unit", UNITS)
def test_each_unit_can_be_restarted_alone(machine: Machine, unit: str) -> None:
    before = machine.show(unit, "MainPID")
    machine.run("systemctl", "restart", unit)
    assert machine.show(unit, "MainPID") != before
    assert machine.show(unit, "Result") == "success"
    answers(machine)


def test_a_wrong_setting_is_reported_and_not_retried(machine: Machine) -> None:
    machine.run("sh", "-c", "echo DECNET_CANARY_HTTP_LISTEN=nowhere >> /etc/decnet/decnet.env")
    machine.run("systemctl", "restart", "decnet-canary.service", check=False)
    machine.until("decnet-canary.service", "ActiveState", "failed")
    assert machine.show("decnet-canary.service", "ExecMainStatus") == "78"
    assert machine.show("decnet-canary.service", "NRestarts") == "0"
    assert "nowhere" in machine.journal("decnet-canary.service")
    _is_told(machine, "worker.down")
    machine.run("sed", "-i", "/HTTP_LISTEN/d", "/etc/decnet/decnet.env")
    machine.run("systemctl", "restart", "decnet-canary.service")
    answers(machine)
    _is_told(machine, "worker.recovered")


def _is_told(machine: Machine, kind: str) -> None:
    """Wait until `webhook`, in its sandbox, has seen the canary's unit so, and has written the notice."""
    query = f"SELECT count(*) FROM notice WHERE kind = '{kind}' AND instr(body, 'canary')"
    file = "/var/lib/decnet/database/decnet.db"
    look = f"import sqlite3; print(sqlite3.connect({file!r}).execute({query!r}).fetchone()[0])"
    deadline = time.monotonic() + 90
    while int(machine.run("/opt/decnet/bin/python", "-c", look).stdout) == 0:
        assert time.monotonic() < deadline, machine.run("ls", "-l", "/var/lib/decnet/run/units").stdout
        time.sleep(LOOK_SECONDS)


def test_the_target_stops_all(machine: Machine) -> None:
    machine.run("systemctl", "stop", "decnet.target")
    for unit in UNITS:
        machine.until(unit, "ActiveState", "inactive")
        assert machine.show(unit, "Result") == "success", machine.journal(unit)
    assert not machine.run("pgrep", "--full", "decnet-", check=False).stdout


def test_groups_replace_the_units_and_an_attack_is_reported(machine: Machine) -> None:
    machine.run("systemctl", "start", "decnet.target")
    answers(machine)
    machine.run("decnet", "init", "--hosting", "groups")
    machine.run("systemctl", "start", *GROUPS)
    for unit in GROUPS:
        machine.until(unit, "ActiveState", "active")
    for unit in UNITS:
        machine.until(unit, "ActiveState", "inactive")
    answers(machine)
    drill(machine)
    expect_least_privilege(machine)


def test_a_killed_child_is_forked_again_as_its_own_user(machine: Machine) -> None:
    before = pids(machine)
    machine.run("kill", "-KILL", *(str(pid) for pid in before.values()))
    deadline = time.monotonic() + 120
    while True:
        now = pids_now(machine)
        if len(now) == len(before) and not set(now.values()) & set(before.values()):
            break
        assert time.monotonic() < deadline, now
        time.sleep(LOOK_SECONDS)
    expect_least_privilege(machine)
    drill(machine)


@pytest.mark.parametrize("unit", GROUPS)
def test_each_group_can_be_restarted_alone(machine: Machine, unit: str) -> None:
    machine.run("systemctl", "restart", unit)
    assert machine.show(unit, "Result") == "success"
    answers(machine)


def test_a_supervisor_may_become_others_and_nothing_else(machine: Machine) -> None:
    (unit,) = [unit for unit in GROUPS if "herd" in unit]
    pid = int(machine.show(unit, "MainPID"))
    assert user_of(machine, pid) == "decnet-supervise"
    held = sum(1 << number for number in numbers(["CAP_KILL", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID"]))
    assert int(status_of(machine, pid)["CapPrm"][0], 16) == held


def test_one_supervisor_of_all_replaces_the_groups_and_an_attack_is_reported(machine: Machine) -> None:
    machine.run("systemctl", "start", ALL)
    machine.until(ALL, "ActiveState", "active")
    for unit in [*GROUPS, *UNITS]:
        machine.until(unit, "ActiveState", "inactive")
        assert machine.show(unit, "Result") == "success", machine.journal(unit)
    answers(machine)
    drill(machine)
    expect_least_privilege(machine)
    held = sum(1 << number for number in numbers(["CAP_KILL", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID"]))
    assert int(status_of(machine, int(machine.show(ALL, "MainPID")))["CapPrm"][0], 16) == held


def test_a_reload_of_all_replaces_every_worker_and_no_supervisor(machine: Machine) -> None:
    before, main = pids(machine), machine.show(ALL, "MainPID")
    machine.run("systemctl", "reload", ALL)
    deadline = time.monotonic() + 120
    while set(before.values()) & set(pids_now(machine).values()):
        assert time.monotonic() < deadline, machine.journal(ALL)
        time.sleep(LOOK_SECONDS)
    answers(machine)
    assert machine.show(ALL, "MainPID") == main
    assert machine.show(ALL, "NRestarts") == "0"
    expect_least_privilege(machine)


def test_all_comes_back_when_its_supervisor_is_killed(machine: Machine) -> None:
    before = pids(machine)
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", ALL)
    deadline = time.monotonic() + 120
    while machine.show(ALL, "NRestarts") == "0" or set(before.values()) & set(pids_now(machine).values()):
        assert time.monotonic() < deadline, machine.journal(ALL)
        time.sleep(LOOK_SECONDS)
    answers(machine)
    drill(machine)


def test_a_group_takes_its_workers_back_from_all(machine: Machine) -> None:
    machine.run("systemctl", "start", *GROUPS)
    for unit in GROUPS:
        machine.until(unit, "ActiveState", "active")
    machine.until(ALL, "ActiveState", "inactive")
    assert machine.show(ALL, "Result") == "success", machine.journal(ALL)
    answers(machine)


def test_the_target_stops_all_of_all(machine: Machine) -> None:
    machine.run("systemctl", "start", ALL)
    answers(machine)
    machine.run("systemctl", "stop", "decnet.target")
    machine.until(ALL, "ActiveState", "inactive")
    assert machine.show(ALL, "Result") == "success", machine.journal(ALL)
    assert not machine.run("pgrep", "--full", "decnet-", check=False).stdout


def test_removing_stops_the_fleet_and_keeps_what_it_recorded(machine: Machine) -> None:
    machine.run("decnet", "init", "--remove")
    assert not machine.run("pgrep", "--full", "decnet-", check=False).stdout
    assert machine.run("systemctl", "cat", "decnet.target", check=False).returncode != 0
    assert machine.run("test", "-s", "/var/lib/decnet/database/decnet.db").returncode == 0
    assert machine.run("test", "-e", "/etc/decnet", check=False).returncode != 0
