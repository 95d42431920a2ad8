# SPDX-License-Identifier: MIT
"""The part of a worker that the process around it uses.

It is a module of its own so that the host imports no `Worker`, whose `main` imports the host.
"""

from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from decnet_core.events.catalogue import Payload
from decnet_core.runtime.context import Context
from decnet_core.runtime.shares.share import Share

S = TypeVar("S", bound=msgspec.Struct)


class Hosted(Generic[S]):
    """What is started, run and stopped; `runtime.worker.Worker` adds what the fleet must know about it."""

    name: ClassVar[str]
    """The one name for it everywhere: folder, class, settings section, console script, unit, subjects."""
    Settings: ClassVar[type[Any]]
    """Shape of its settings section."""
    listens: ClassVar[tuple[str, ...]] = ()
    """Bus patterns whose messages wake `ctx.nudged`."""
    produces: ClassVar[tuple[type[Payload], ...]] = ()
    """Event kinds it may emit; not empty means that it has a spool."""
    commands: ClassVar[str] = ""
    """Module whose `register(app)` adds sub-commands to the console script; loaded only when there are arguments."""
    exposed: ClassVar[bool] = False
    """Whether attackers can reach it, or what they send does: a supervisor never gives it up."""
    reads_spools: ClassVar[bool] = False
    """Whether it reads what other workers have spooled; all others may not."""
    parks: ClassVar[bool] = False
    """Whether it may be parked while it has nothing to do (`runtime.parking`)."""
    stores_sockets: ClassVar[int] = 0
    """How many sockets its host keeps for its next process at most (`runtime.stored_sockets`)."""
    follows: ClassVar[tuple[str, ...]] = ()
    """Workers after whose work there is usually some for it: when one of them is woken, it is too."""
    background: ClassVar[bool] = False
    """Whether it is woken a moment after the others, because nobody waits for what it does: its start takes processor
    time from those for whom somebody does. Its zygote prepares what it needs before it forks it, so that it takes half
    the memory, and some tenths of a second longer."""
    ends_break: ClassVar[tuple[str, ...]] = ()
    """Those of `listens` whose messages wake it in a break, too (`Parking.take_break`), because somebody waits."""
    gives_way: ClassVar[bool] = False
    """Whether its process has less claim to the processors than others (nice(1)): nobody is warned by what it finds."""
    memory_budget: ClassVar[int]
    """Bytes of unique memory (USS) above which a supervisor recycles it and a unit is limited."""

    def __init__(self, settings: S) -> None:
        self.settings = settings
        self.stored: dict[str, list[int]] = {}
        """Descriptors that its host has kept, by name."""
        self.share = Share(self.name)
        """The part of the job that is this process's; all of it unless `shares` says otherwise."""

    @classmethod
    def shares(cls, settings: S) -> int:  # noqa: ARG003  # most run in one
        """Return in how many processes it runs with these settings; as a task it runs in the fleet's only one."""
        return 1

    @classmethod
    def check(cls, settings: S) -> None:
        """Raise StartupError for settings of the right shape with which `start` would not succeed on any host.

        `start` calls it; so does `decnet config check`, and who is ordered to restart does before it ends.
        """

    def divide(self, count: int) -> None:
        """Prepare what all shares will use: called once, before they are forked."""

    async def start(self, ctx: Context) -> None:
        """Acquire what the job needs (sockets, files), then be ready; raises StartupError when that is impossible."""

    async def run(self, ctx: Context) -> None:
        """Do the job until `ctx.stopping` is set; returning earlier, or raising, is a crash."""
        raise NotImplementedError

    async def stop(self, ctx: Context) -> None:
        """Release what `start` acquired; called once, also after a failure."""
