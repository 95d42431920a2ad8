# SPDX-License-Identifier: MIT
"""Creates the listener's identity before it starts: it has no access to the root's key.

`decnet up` is the parent of all workers, so a process of its own loads the library that makes keys (13 MiB).
"""

import socket
from pathlib import Path

from decnet_core.settings import Settings
from decnet_swarm.listener.settings import ListenerSettings
from decnet_swarm.pki import files


def lacks_identity(settings: Settings, state: Path) -> bool:
    """Return whether `[listener] listen` is set and authority or identity are missing below `state`."""
    return bool(settings.section("listener", ListenerSettings).listen) and not files.is_bootstrapped(state)


def create_if_listening(settings: Settings, state: Path) -> None:
    """Create missing authority and identity below `state` if `[listener] listen` is set; raises OSError."""
    if lacks_identity(settings, state):
        from decnet_swarm.pki.bootstrap_ca import bootstrap

        bootstrap(state, names(settings.section("listener", ListenerSettings)))


def names(settings: ListenerSettings) -> list[str]:
    """Return the names of this host for others, the likeliest first; never the ones that every host has."""
    known = (settings.public, socket.getfqdn(), socket.gethostname())
    return list(dict.fromkeys(name for name in known if name and name.partition(".")[0] != "localhost"))
