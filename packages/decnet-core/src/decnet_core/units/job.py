# SPDX-License-Identifier: MIT
"""The inputs of a unit: a worker's declared needs, and where the fleet is installed."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, Literal, get_args

import msgspec

from decnet_core.runtime.shares.share import names
from decnet_core.runtime.worker import Worker
from decnet_core.supervise.fork.secrets import needed
from decnet_core.unit_results import FOLDER

GROUP = "decnet"
"""The primary group of all workers: they share the bus socket."""
DATABASE_GROUP = "decnet-db"
"""May open the database: never a worker exposed to attackers."""
SPOOL_GROUP = "decnet-spool"
"""May read the spools."""
KEYS_GROUP = "decnet-keys"
"""May read those keys with which the operator's commands work."""
DATABASE_USER = "decnet-db"
"""Creates and migrates the database."""
SUPERVISE_USER = "decnet-supervise"

DATABASE_SERVICE = "decnet-db.service"
TARGET = "decnet.target"

BROKER_SERVICE = "decnet-bus.service"

Network = Literal["none", "loopback", "any"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One worker as its units see it."""

    name: str
    description: str
    group: str
    memory_budget: int
    """Bytes, of all its processes."""
    processes: int = 1
    capabilities: tuple[str, ...] = ()
    network: Network = "none"
    netlink: bool = False
    """Whether it asks the kernel for interfaces and addresses."""
    database: bool = False
    spools: tuple[str, ...] = ()
    """Its own spools, one for each of its processes."""
    serves_workers: bool = False
    """Whether others connect to a UNIX socket of it."""
    reads_spools: bool = False
    """Whether it reads those of the others."""
    writes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    reads_keys: tuple[str, ...] = ()
    """Keys of other workers that it reads."""
    oom_score_adj: int = 0
    exposed: bool = False
    """Whether attackers can reach it."""
    gives_way: bool = False
    """Whether it has less claim to the processors than others."""
    stores_sockets: int = 0
    """How many sockets are kept for its next process at most."""

    @property
    def user(self) -> str:
        return user_of(self.name)

    @property
    def captures(self) -> bool:
        """Whether it sees every packet of the host: then only its own unit has the capability and the socket family."""
        return "CAP_NET_RAW" in self.capabilities

    @property
    def makes_namespaces(self) -> bool:
        """Whether it makes network namespaces that outlive its process, by mounting them."""
        return "CAP_SYS_ADMIN" in self.capabilities

    @property
    def secrets(self) -> frozenset[str]:
        """The variables that may hold a secret and that it needs."""
        return needed(self.name, database=self.database)

    @property
    def service(self) -> str:
        """The unit that runs it alone."""
        return f"decnet-{self.name}.service"


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where a fleet is installed, and which of its parts are elsewhere."""

    programs: str
    """The directory of the console scripts."""
    state: str = "/var/lib/decnet"
    settings: str = "/etc/decnet/decnet.toml"
    environment: str = "/etc/decnet/decnet.env"
    database_file: str = "/var/lib/decnet/database/decnet.db"
    """Of SQLite; with a database server nothing is there."""
    bus_network: Network = "none"
    """What workers need to reach the bus: none for the embedded one, which is a UNIX socket."""
    database_network: Network = "none"
    """The same for the database: nothing for a SQLite file."""
    bus_beside: str = ""
    """The group whose unit also runs the broker; empty: the broker has a unit of its own."""
    broker_network: Network = "none"
    """What the embedded broker itself listens on beside its UNIX socket."""

    @property
    def database(self) -> str:
        """The directory of the database file and of what SQLite keeps beside it."""
        return str(PurePosixPath(self.database_file).parent)


def user_of(worker: str) -> str:
    return f"decnet-{worker}"


def supervisor_service(group: str) -> str:
    return f"decnet-supervise@{group}.service"


def job_of(worker: type[Worker[Any]], settings: msgspec.Struct) -> Job:
    """Return what the class declares that it needs with these settings of its section."""
    processes = names(worker.name, worker.shares(settings))
    return Job(
        name=worker.name,
        description=worker.description(),
        group=worker.group,
        memory_budget=len(processes) * worker.memory_budget,
        capabilities=worker.capabilities(settings),
        network=worker.reach(settings),
        netlink=worker.netlink,
        database=worker.database,
        processes=len(processes),
        spools=processes if worker.produces else (),
        serves_workers=worker.serves_workers,
        reads_spools=worker.reads_spools,
        writes=worker.writes,
        keys=worker.keys,
        reads_keys=worker.reads_keys,
        oom_score_adj=worker.oom_score_adj,
        exposed=worker.exposed,
        gives_way=worker.gives_way,
        stores_sockets=worker.stores_sockets,
    )


def widest(networks: Iterable[Network]) -> Network:
    """Return the one that includes all others; `none` when there are none."""
    return max(networks, key=get_args(Network).index, default="none")


def network_of(job: Job, site: Site) -> Network:
    """Return the network access of the worker: the widest of what it, the bus and the database need."""
    needs = [job.network, site.broker_network if job.name == "bus" else site.bus_network]
    if job.database:
        needs.append(site.database_network)
    return widest(needs)


def writable(job: Job, site: Site) -> tuple[str, ...]:
    """Return the directories that the worker may write to; everything else is read-only for it."""
    below = [
        f"{site.state}/run/{job.name}",
        f"{site.state}/run/{FOLDER}",
        *(f"{site.state}/{folder}" for folder in job.writes),
    ]
    below += [f"{site.state}/spool/{spool}" for spool in job.spools]
    if job.database:
        below.append(site.database)
    return tuple(sorted(set(below)))
