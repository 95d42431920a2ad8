# SPDX-License-Identifier: MIT
"""Each worker's account, stolen, under a real systemd: what it tries beyond its own worker gets it nowhere.

The worst case is group hosting, where one sandbox holds many accounts, so all is tried there; beside it the thief is
given what a taken-over process has: the account, its groups, no capability. Minutes long: `nox -s systemd`.
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

pytestmark = [
    pytest.mark.systemd,
    pytest.mark.skipif(obstacle() is not None, reason=str(obstacle())),
    pytest.mark.timeout(1800),
]

STATE = "/var/lib/decnet"
PASSWORD = "correct-horse-battery"  # to be looked for
WORKERS = worker_registry.wanted(Settings({}, {}, "defaults"))
THIEVES = ("decoys", "canary", "collect")
"""Who talks to attackers, or to what attackers have written."""
ALL = "decnet-supervise@all.service"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A booted Debian with the whole fleet hosted by one supervisor, attacked once, with a swarm."""
    directory = tmp_path_factory.mktemp("machine")
    copy_root(directory / "root")
    with booted(directory / "root") as found:
        found.run("decnet", "init")
        found.run("sh", "-c", "echo DECNET_LISTENER_LISTEN=127.0.0.1:6514 >> /etc/decnet/decnet.env")
        found.run("sh", "-c", f"echo DECNET_BUS_TCP_TOKEN={PASSWORD} >> /etc/decnet/decnet.env")
        found.run(
            "sh", "-c", f"echo DECNET_DATABASE_URL=sqlite:///{STATE}/database/decnet.db >> /etc/decnet/decnet.env"
        )
        found.run("sh", "-c", "echo DECNET_RUNTIME_PARK_SECONDS=3600 >> /etc/decnet/decnet.env")
        found.run("decnet", "init", "--hosting", "groups")
        found.run("decnet", "swarm", "token", "berlin", "--master", "127.0.0.1")
        found.run("systemctl", "start", ALL)
        answers(found)
        found.run("decnet", "drill", "--json", "--deadline", "60", check=False, seconds=300)
        yield found
    shutil.rmtree(directory / "root", ignore_errors=True)


def answers(machine: Machine, seconds: float = 120) -> None:
    """Wait until every worker answers."""
    deadline = time.monotonic() + seconds
    while machine.run("decnet", "status", check=False).returncode != 0:
        assert time.monotonic() < deadline, machine.run("decnet", "status", check=False).stdout
        time.sleep(LOOK_SECONDS)


def pids(machine: Machine) -> dict[str, int]:
    """The process of each worker that answers."""
    status = json.loads(machine.run("decnet", "status", "--json", check=False).stdout)
    return {name: health["pid"] for name, health in status["workers"].items() if health}


def steal(machine: Machine, worker: str, script: str) -> tuple[int, str]:
    """Run a shell script as a process that has taken over `worker`; return its exit code and what it printed."""
    done = machine.run(
        "setpriv", f"--reuid=decnet-{worker}", "--regid=decnet", "--init-groups", "--bounding-set=-all",
        "--inh-caps=-all", "--no-new-privs", "sh", "-c", script, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def refused(machine: Machine, worker: str, script: str) -> None:
    """Fail unless `script` fails for `worker`."""
    code, said = steal(machine, worker, script)
    assert code != 0, (worker, script, said)
    assert "ermission denied" in said or "not permitted" in said or "onnection refused" in said, (script, said)


@pytest.mark.parametrize("thief", THIEVES)
def test_it_reads_no_evidence_and_no_key_of_another(machine: Machine, thief: str) -> None:
    for other in ("decoys", "canary", "collect"):
        if other != thief:
            refused(machine, thief, f"cat {STATE}/spool/{other}/*.jsonl")
            refused(machine, thief, f"ls {STATE}/spool/{other}")
    for path in ("keys/webhook.key", "database/decnet.db", "swarm/listener/identity.pem", "swarm/authority/root.pem"):
        refused(machine, thief, f"cat {STATE}/{path}")
    refused(machine, thief, "cat /etc/decnet/decnet.env")
    if thief != "decoys":
        refused(machine, thief, f"ls {STATE}/keys/decoys {STATE}/artifacts/* {STATE}/decoys")


@pytest.mark.parametrize("thief", THIEVES)
def test_it_forges_no_acknowledgement_and_deletes_no_evidence(machine: Machine, thief: str) -> None:
    far = '{"segment":999999,"offset":0}'
    for other in ("decoys", "canary", "collect"):
        if other != thief:
            refused(machine, thief, f"echo '{far}' > {STATE}/spool/.readers/ingest/{other}.json")
            refused(machine, thief, f"rm -f {STATE}/spool/{other}/0000000001.jsonl")
    refused(machine, thief, f"mkdir {STATE}/spool/.readers/forged")
    refused(machine, thief, f"mv {STATE}/spool/.readers/ingest {STATE}/spool/.readers/gone")
    refused(machine, thief, f"rm {STATE}/spool/.readers/ingest/{thief}.json")


@pytest.mark.parametrize("thief", THIEVES)
def test_it_makes_nothing_where_others_look(machine: Machine, thief: str) -> None:
    for path in ("run/x", "run/bus/x", "run/supervise/x", "run/profiler/lock", "keys/x", "spool/x", "x", "swarm/x"):
        refused(machine, thief, f": > {STATE}/{path}")
    refused(machine, thief, f"ln -s /etc/passwd {STATE}/swarm/listener/registry.json.new")
    refused(machine, thief, ": > /etc/decnet/decnet.toml")


@pytest.mark.parametrize("thief", THIEVES)
def test_it_is_not_the_bus_while_the_broker_restarts(machine: Machine, thief: str) -> None:
    program = (
        "import errno, socket, sys, time\n"
        "seen, end = set(), time.monotonic() + 3\n"
        "while time.monotonic() < end:\n"
        "    for name in sys.argv[1:]:\n"
        "        try:\n"
        f"            socket.socket(socket.AF_UNIX).bind('{STATE}/run/bus/' + name)\n"
        "        except OSError as error:\n"
        "            seen.add(error.errno)\n"
        "        else:\n"
        "            sys.exit(0)\n"
        "sys.exit('Permission denied' if errno.EACCES in seen else str(seen))\n"
    )
    machine.run("sh", "-c", f"cat > /tmp/impostor.py <<'END'\n{program}END")
    machine.run("kill", "-KILL", str(pids(machine)["bus"]))
    refused(machine, thief, "/opt/decnet/bin/python /tmp/impostor.py sock sock.new other")
    refused(machine, thief, f"rm -f {STATE}/run/bus/sock")
    answers(machine)


@pytest.mark.parametrize("thief", THIEVES)
def test_it_sends_no_control_messages(machine: Machine, thief: str) -> None:
    before = pids(machine)
    program = (
        "import asyncio\n"
        "from decnet_core.bus.client import connect\n"
        "async def main():\n"
        f"    bus = await connect('unix://{STATE}/run/bus/sock', name='thief', wait=10)\n"
        "    for name in ('ingest', 'profiler', 'bus'):\n"
        "        bus.publish(f'system.{name}.control', b'{\"op\":\"pause\"}')\n"
        "        bus.publish(f'system.{name}.control', b'{\"op\":\"stop\"}')\n"
        "    await bus.flush()\n"
        "    print('refused' if 'Permissions Violation' in bus.last_refusal else 'obeyed')\n"
        "    await bus.close()\n"
        "asyncio.run(main())\n"
    )
    machine.run("sh", "-c", f"cat > /tmp/orders.py <<'END'\n{program}END")
    code, said = steal(machine, thief, "/opt/decnet/bin/python /tmp/orders.py")
    assert code == 0, said
    assert "refused" in said.splitlines()[-1], said
    status = json.loads(machine.run("decnet", "status", "--json", check=False).stdout)["workers"]
    assert {health["state"] for health in status.values()} == {"running"}
    assert pids(machine) == before


@pytest.mark.parametrize("thief", THIEVES)
def test_it_traces_and_signals_nobody(machine: Machine, thief: str) -> None:
    others = {name: pid for name, pid in pids(machine).items() if name != thief}
    main = int(machine.show(ALL, "MainPID"))
    for pid in (*others.values(), main):
        for file in ("environ", "mem", "maps"):
            refused(machine, thief, f"cat /proc/{pid}/{file} > /dev/null")
        refused(machine, thief, f"kill -STOP {pid}")


def test_no_process_but_the_bus_has_the_bus_token_in_its_memory(machine: Machine) -> None:
    program = (
        "import re, sys\n"
        "for pid in sys.argv[2:]:\n"
        "    found = 0\n"
        "    try:\n"
        "        memory = open(f'/proc/{pid}/mem', 'rb', 0)\n"
        "    except FileNotFoundError:\n"  # a worker that has parked meanwhile
        "        continue\n"
        "    for line in open(f'/proc/{pid}/maps'):\n"
        "        match = re.match('([0-9a-f]+)-([0-9a-f]+) rw', line)\n"
        "        if match:\n"
        "            begin, end = (int(number, 16) for number in match.groups())\n"
        "            memory.seek(begin)\n"
        "            found += memory.read(end - begin).count(sys.argv[1].encode())\n"
        "    print(pid, found)\n"
    )
    machine.run("sh", "-c", f"cat > /tmp/look.py <<'END'\n{program}END")
    known = pids(machine)
    main = int(machine.show(ALL, "MainPID"))
    said = machine.run("/opt/decnet/bin/python", "/tmp/look.py", PASSWORD, str(main), *map(str, known.values())).stdout
    counts = {int(pid): int(found) for pid, found in (line.split() for line in said.splitlines())}
    assert counts.pop(known["bus"]) >= 1
    assert set(counts.values()) == {0}, (known, main, counts)


def test_the_operators_commands_still_work_and_the_evidence_is_there(machine: Machine) -> None:
    machine.run("decnet", "swarm", "token", "paris", "--master", "127.0.0.1")
    listed = json.loads(machine.run("decnet", "swarm", "list", "--json").stdout)
    assert {each["name"] for each in listed["sensors"]} >= {"berlin", "paris"}
    owner = machine.run("stat", "--format=%U %a", f"{STATE}/swarm/listener/registry.json").stdout.split()
    assert owner == ["decnet-listener", "600"]
    answers(machine)


def test_one_unit_each_withholds_as_much(machine: Machine) -> None:
    machine.run("systemctl", "stop", ALL)
    machine.run("decnet", "init", "--hosting", "units")
    machine.run("systemctl", "start", "decnet.target")
    answers(machine)
    for thief in THIEVES:
        refused(machine, thief, f"cat {STATE}/spool/{'canary' if thief != 'canary' else 'decoys'}/*.jsonl")
    for name, pid in pids(machine).items():
        said = machine.run("sh", "-c", f"tr '\\0' '\\n' < /proc/{pid}/environ").stdout
        assert ("DECNET_BUS_TCP_TOKEN" in said) == (name == "bus")
        assert ("DECNET_DATABASE_URL" in said) == worker_registry.load(name).database
