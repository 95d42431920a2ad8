# SPDX-License-Identifier: MIT
"""How many events a second pass the whole chain, from the spool to identities, beside what the processors allow.

`python benchmarks/chain.py [--seconds 20] [--stored 0] [--until tags] [--postgresql] [--json]`; the long form has
`--seconds 300`, and `--stored 2000000` events in the database before. Mixed events of 3,000 attackers are written to a
spool, as fast as the slowest worker permits: never more than LAG ahead of it. ingest and the five analysis workers
(profiler, ttp, clusterer, campaign-clusterer, enrich) are processes of their own that run the workers' own steps,
without a bus: who finds nothing looks again after some milliseconds. campaign-clusterer follows identities and enrich
new attackers, which it finds in a list here, so their rates are of those; alone, they handle what the others made of
the same events.

First each worker alone handles the same events, so that its processor time for an event is known; their sum, the
writer's included, is what the processors allow. The more events the database holds of an attacker, the more time the
next one takes, so each worker alone handles as many once more when the chain has ended, in its database: a chain that
lost nothing would lie between the two sums. The share of a sum is the product of two: how much of the processors the
chain had, and how much less processor time an event takes alone than together. A process waits either for a processor
(`queued`, from schedstat; on a machine that does nothing else it is small) or for a lock, the disk or another's work
(`blocked`). On PostgreSQL the server's own time is not counted, so there is no sum.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import postgres
import profiler as profiling
from sqlalchemy import Engine

from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.net.addresses import Address, parse_address
from decnet_core.runtime.counters import Counters
from decnet_core.runtime.worker import NoSettings
from decnet_core.spool.quarantine import Quarantine
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_models.database.engine import open_engine, reading, sqlite_file, writing
from decnet_models.database.ownership import guard
from decnet_models.events.queries import insert_events, last_seq
from decnet_models.following.cursor_worker import CursorWorker
from decnet_models.following.shard_leases import ShardLeases
from decnet_models.migrations.upgrade import upgrade
from decnet_models.progress.queries import begin_cursor, cursor_of, move_cursor
from decnet_workers.campaign_clusterer import worker as campaigns
from decnet_workers.clusterer.worker import Clusterer
from decnet_workers.enrich.answers import Answer
from decnet_workers.enrich.knowledge import Knowledge
from decnet_workers.enrich.settings import EnrichSettings
from decnet_workers.enrich.worker import terms_of
from decnet_workers.ingest.intake import Intake
from decnet_workers.ingest.settings import IngestSettings
from decnet_workers.profiler.worker import Profiler
from decnet_workers.ttp.settings import TtpSettings
from decnet_workers.ttp.watch import Watched
from decnet_workers.ttp.worker import Ttp

ATTACKERS = 3000
LAG = 20_000
"""Events that the writer may be ahead of the slowest worker."""
ALONE = 40_000
"""Events that each worker handles alone."""
WARM_SECONDS = 3.0
LOOK_SECONDS = 0.004
RENEW_SECONDS = 10.0
PROFILED = 10
"""One of so many of the events that were there before has an attacker of its own, and is profiled and tagged."""
AIMS, AIM_SHARE = {"tags": 9000, "campaigns": 5000}, 0.8
BEYOND_TAGS = ("clusterer", "campaign-clusterer", "enrich")
FOLLOWING = ("profiler", "ttp", "clusterer")
"""The workers that follow the events."""

Number = Any
"""multiprocessing's Value, which is no type."""

StepOf = Callable[[Engine, Path], Callable[[], int]]
"""Makes a worker's step from its engine and the folder with the spools."""


def main() -> None:
    """Measure and print."""
    options = _options()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        new = stack.enter_context(postgres.server()) if options.postgresql else None
        works = {name: of for name, of in WORKERS if options.until == "campaigns" or name not in BEYOND_TAGS}
        (place / "alone").mkdir()
        alone = costs_alone(_database(place / "alone", new), place / "alone", works)
        (place / "together").mkdir()
        url = _database(place / "together", new)
        together = measure_together(url, place / "together", options, works)
        afterwards = costs_alone(url, place / "together", works)
    result = {"alone": alone, "together": together, "afterwards": afterwards}
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        show(alone, together, afterwards, aim=AIMS[options.until], counted=new is None)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--stored", type=int, default=0)
    parser.add_argument(
        "--until", choices=AIMS, default="campaigns", help="tags: of the analysis only profiler and ttp"
    )
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def costs_alone(url: str, place: Path, step_of: dict[str, StepOf]) -> dict[str, dict[str, float]]:
    """Return events/s and CPU µs/event of the spool's writer and of each worker, one after the other.

    What is left of a chain is handled before, uncounted.
    """
    (place / "spool").mkdir(exist_ok=True)
    engines = {name: open_engine(url) for name in step_of}
    steps: dict[str, Callable[[], int]] = {}
    for name, of in step_of.items():
        guard(engines[name], name)
        steps[name] = of(engines[name], place)
        _exhaust(steps[name], 0)
    found = {"writer": _costs(lambda: _append(place, ALONE))}
    for name, step in steps.items():
        found[name] = _costs(partial(_exhaust, step, ALONE if name in (*FOLLOWING, "ingest") else 0))
        engines[name].dispose()
    return found


def _costs(work: Callable[[], object]) -> dict[str, float]:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    cpu, seconds = time.process_time() - cpu, time.perf_counter() - began
    return {"events_s": ALONE / seconds, "cpu_us": 1e6 * cpu / ALONE}


def _exhaust(step: Callable[[], int], least: int) -> None:
    """Step until so much is handled, and nothing is left."""
    handled = 0
    while (now := step()) or handled < least:
        handled += now


def measure_together(url: str, place: Path, options: argparse.Namespace, step_of: dict[str, StepOf]) -> dict[str, Any]:
    """Run the chain for the asked seconds and return its rate, its lag, and where each process spent its time."""
    store(url, options.stored)
    begin_at_end(url)
    fork = multiprocessing.get_context("fork")
    done, batches = ({name: fork.Value("q", 0) for name in ("writer", *step_of)} for _ in range(2))
    stop = fork.Event()
    works: list[tuple[str, Callable[..., None], tuple[Any, ...]]] = [
        ("writer", write_on, (place, done, stop)),
        *((name, work_on, (url, place, (name, of), (done[name], batches[name]), stop)) for name, of in step_of.items()),
    ]
    processes = {name: fork.Process(target=work, args=arguments, daemon=True) for name, work, arguments in works}
    for process in processes.values():
        process.start()
    try:
        time.sleep(WARM_SECONDS)
        return _watched(url, processes, done, batches, options.seconds)
    finally:
        stop.set()
        for process in processes.values():
            process.join(30)


def _watched(
    url: str, processes: dict[str, Any], done: dict[str, Number], batches: dict[str, Number], seconds: float
) -> dict[str, Any]:
    file = sqlite_file(url)
    began, counts, begun = time.perf_counter(), _values(done), _values(batches)
    before = {name: _spent(process.pid) for name, process in processes.items()}
    idle = _idle_seconds()
    lag = wal = 0
    while (passed := time.perf_counter() - began) < seconds:
        time.sleep(0.1)
        assert all(process.is_alive() for process in processes.values()), "a worker has died"
        lag = max(lag, done["writer"].value - _slowest(done))
        wal = max(wal, Path(f"{file}-wal").stat().st_size if file else 0)
    idle = (_idle_seconds() - idle) / passed
    after = {name: _spent(process.pid) for name, process in processes.items()}
    handled = {name: number.value - counts[name] for name, number in done.items()}
    times = {}
    for name in done:
        cpu, queued = (after[name][n] - before[name][n] for n in range(2))
        times[name] = {
            "events_s": handled[name] / passed,
            "cpu_us": 1e6 * cpu / max(1, handled[name]),
            "batch": handled[name] / max(1, batches[name].value - begun[name]),
            "cpu": cpu / passed,
            "queued": queued / passed,
            "blocked": max(0.0, 1 - (cpu + queued) / passed),
        }
    rate = min(times[name]["events_s"] for name in FOLLOWING if name in times)
    return {"events_s": rate, "most_lag": lag, "most_wal_mib": wal / (1 << 20), "idle": idle, "processes": times}


def _values(numbers: dict[str, Number]) -> dict[str, int]:
    return {name: number.value for name, number in numbers.items()}


def _slowest(done: dict[str, Number]) -> int:
    """Return how many events all have handled."""
    return min(int(done[name].value) for name in FOLLOWING if name in done)


def _spent(pid: int) -> tuple[float, float]:
    """Return seconds on a processor and seconds in wait for one (proc(5), schedstat)."""
    cpu, queued, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(cpu) / 1e9, int(queued) / 1e9


def _idle_seconds() -> float:
    """Return the seconds in which the machine's processors had nothing to do, their sum (proc(5), stat)."""
    idle, disk = Path("/proc/stat").read_text().split("\n", 1)[0].split()[4:6]
    return (int(idle) + int(disk)) / os.sysconf("SC_CLK_TCK")


def show(
    alone: dict[str, dict[str, float]],
    together: dict[str, Any],
    afterwards: dict[str, dict[str, float]],
    *,
    aim: int,
    counted: bool,
) -> None:
    """Print all as tables."""
    print(f"{'alone':18}{'events/s':>12}{'CPU us/event':>14}{'events/CPU s':>14}{'afterwards, CPU us/event':>28}")
    for name, one in alone.items():
        later = afterwards[name]["cpu_us"]
        print(f"{name:18}{one['events_s']:12,.0f}{one['cpu_us']:14.1f}{1e6 / one['cpu_us']:14,.0f}{later:28.1f}")
    heads = "".join(f"{head:>9}" for head in ("a batch", "CPU", "queued", "blocked"))
    print(f"\n{'together':18}{'events/s':>12}{'CPU us/event':>14}{heads}   of a core")
    for name, one in together["processes"].items():
        batch = "" if name == "writer" else f"{one['batch']:,.0f}"
        times = "".join(f"{one[part]:9.0%}" for part in ("cpu", "queued", "blocked"))
        print(f"{name:18}{one['events_s']:12,.0f}{one['cpu_us']:14.1f}{batch:>9}{times}")
    rate = together["events_s"]
    print(f"\nsustained                      {rate:10,.0f} events/s   aim {aim:,}")
    if counted:
        _show_share("empty database", rate, together, alone)
        _show_share("afterwards", rate, together, afterwards)
    print(f"most that not all had handled yet          {together['most_lag']:,} events (the writer stops at {LAG:,})")
    if together["most_wal_mib"]:
        print(f"largest write-ahead log   {together['most_wal_mib']:10.1f} MiB")


def _show_share(when: str, rate: float, together: dict[str, Any], alone: dict[str, dict[str, float]]) -> None:
    """Print which share the rate is of what the processors allow, and the two of which that is the product."""
    cores = len(os.sched_getaffinity(0))
    allowed = cores * 1e6 / sum(one["cpu_us"] for one in alone.values())
    had = sum(one["cpu"] for one in together["processes"].values()) / cores
    idle = together["idle"] / cores
    share = f"{rate / allowed:.0%} of it, aim {AIM_SHARE:.0%}:"
    print(f"{cores} processors allow, {when:14}{allowed:10,.0f} events/s   {share}")
    print(f"  the chain had {had:.0%} of the processors (others {1 - had - idle:.0%}, nobody {idle:.0%}),")
    print(f"  and an event took {rate / had / allowed:.0%} of the processor time alone that it took together")


def write_on(place: Path, done: dict[str, Number], stop: Any) -> None:
    """Append events to the spool, never more than LAG ahead of the slowest worker."""
    spool = SpoolWriter(place / "spool" / "bench", SpoolSettings(fsync="off"))
    for number, event in enumerate(made(), 1):
        spool.append(event)
        if number % 500 == 0:
            done["writer"].value = number
            while number - _slowest(done) > LAG - 500 and not stop.is_set():
                time.sleep(LOOK_SECONDS)
            if stop.is_set():
                return


def work_on(url: str, place: Path, work: tuple[str, StepOf], counts: tuple[Number, Number], stop: Any) -> None:
    """Run a worker's steps until told to stop."""
    (name, step_of), (done, batches) = work, counts
    engine = open_engine(url)
    guard(engine, name)
    step = step_of(engine, place)
    while not stop.is_set():
        handled = step()
        done.value += handled
        batches.value += handled > 0
        if not handled:
            time.sleep(LOOK_SECONDS)


def ingest_step(engine: Engine, place: Path) -> Callable[[], int]:
    """Return a function that runs one pass of ingest and tells how many events it inserted."""
    quarantine = Quarantine(place / "quarantine")
    intake = Intake(engine, place / "spool", quarantine, IngestSettings(), store=place / "artifacts")
    return lambda: intake.run_pass().new


def _cursor(kind: type[CursorWorker[Any]]) -> StepOf:
    return lambda engine, _: cursor_step(kind, engine)


def cursor_step(kind: type[CursorWorker[Any]], engine: Engine) -> Callable[[], int]:
    """Return a function that runs one step of a worker and tells how many events it has passed."""
    worker = _tagging() if kind is Ttp else kind(NoSettings())
    if engine.dialect.name == "sqlite":
        with writing(engine) as connection:
            begin_cursor(connection, kind.name, now_ns=time.time_ns())
        processor, leases = worker._processor(engine, kind.name), None
    else:
        leases = ShardLeases(engine, kind.name, seconds=3 * RENEW_SECONDS, shared=kind.shared)
        processor = worker._processor(engine, kind.name, leases)
    kept_at, reached = 0.0, None

    def step() -> int:
        nonlocal kept_at, reached
        if leases is not None and time.monotonic() - kept_at > RENEW_SECONDS:
            leases.keep()
            kept_at = time.monotonic()
        with reading(engine) as connection:
            head = last_seq(connection)
            begun = cursor_of(connection, kind.name) if reached is None else reached
        done = processor.step()
        reached = max(begun, head - done.lag)
        if reached == begun:
            worker.settled(processor)
        return reached - begun

    return step


def campaign_step(engine: Engine, _: Path) -> Callable[[], int]:
    """Return a function that runs one step of campaign-clusterer and tells how many identities it looked at."""
    campaigns.prepared(engine)
    return lambda: campaigns.step(engine).identities


def enrich_step(engine: Engine, _: Path) -> Callable[[], int]:
    """Return a function that lets enrich look new attackers up in a list and tells how many notices it read."""
    knowledge = Knowledge(engine, terms_of(EnrichSettings()), {}, {"list": _listed}, _parsed)
    with writing(engine) as connection:
        begin_cursor(connection, "enrich", now_ns=time.time_ns())
        move_cursor(connection, "enrich", 1, now_ns=time.time_ns())  # 0 would be the present end
    knowledge.prepare()

    def step() -> int:
        with reading(engine) as connection:
            before = cursor_of(connection, "enrich")
        knowledge.poll()
        with reading(engine) as connection:
            return cursor_of(connection, "enrich") - before

    return step


def _parsed(texts: Iterable[str]) -> dict[str, Address]:
    return {text: address for text in texts if (address := parse_address(text)) is not None}


def _listed(address: Address) -> Answer | None:
    """Return what a list says that names every tenth address."""
    return Answer("malicious", ("listed",)) if int(address) % 10 == 0 else None


def _tagging() -> CursorWorker[Any]:
    worker = Ttp(TtpSettings())
    worker._rules, worker._counters = Watched(worker.settings), Counters()
    worker._rules.read()
    return worker


def _database(place: Path, new: Callable[[], str] | None) -> str:
    url = f"sqlite:///{place / 'decnet.db'}" if new is None else new()
    upgrade(url)
    return url


def _append(place: Path, total: int) -> None:
    spool = SpoolWriter(place / "spool" / "bench", SpoolSettings(fsync="off"))
    for _, event in zip(range(total), made(), strict=False):
        spool.append(event)
    spool.close()


def store(url: str, total: int) -> None:
    """Put `total` events into the log, the last tenth profiled and tagged, each of an attacker of its own."""
    engine, source = open_engine(url), made()
    for start in range(0, total, 5000):
        own = start >= total - total // PROFILED
        if own and start - 5000 < total - total // PROFILED:
            begin_at_end(url)
        batch = [next(source) for _ in range(min(5000, total - start))]
        with writing(engine) as connection:
            insert_events(connection, [_of_its_own(one, start + n) for n, one in enumerate(batch)] if own else batch)
    for kind in (Profiler, Ttp, Clusterer) if total else ():
        step = cursor_step(kind, engine)
        while step():
            pass
    engine.dispose()


def _of_its_own(event: Event, number: int) -> Event:
    from msgspec import structs

    return structs.replace(event, src_ip=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")


def begin_at_end(url: str) -> None:
    """Let the cursor workers begin after what is in the log."""
    engine = open_engine(url)
    with reading(engine) as connection:
        end = last_seq(connection)
    with writing(engine) as connection:
        for kind in (Profiler, Ttp, Clusterer):
            move_cursor(connection, kind.name, end, now_ns=time.time_ns())
    engine.dispose()


def made() -> Iterator[Event]:
    """Yield events of visits, few addresses often and most seldom: guesses, commands, requests, as they are mixed."""
    dice = random.Random(7)
    moment, number = time.time_ns(), 0
    while True:
        moment, number = moment + 1_000_000, number + 1
        rank = int(ATTACKERS ** dice.random())
        decky = f"decky-{dice.randrange(30)}"
        for step, payload in enumerate(profiling.web(dice) if dice.random() < 0.25 else profiling.shell(dice)):
            ts = moment + step * 1_000
            yield Event(
                id=uuid7(ts),
                ts=ts,
                sensor="bench",
                payload=payload,
                src_ip=f"198.18.{rank >> 8}.{rank & 255}",
                src_port=1024 + number % 60_000,
                decky=decky,
                session=f"s{number}",
            )


WORKERS: tuple[tuple[str, StepOf], ...] = (
    ("ingest", ingest_step),
    ("profiler", _cursor(Profiler)),
    ("ttp", _cursor(Ttp)),
    ("clusterer", _cursor(Clusterer)),
    ("campaign-clusterer", campaign_step),
    ("enrich", enrich_step),
)

if __name__ == "__main__":
    main()
