# SPDX-License-Identifier: MIT
"""Tells how far the reconciler is with a fleet, until all of it is as desired."""

import time
from collections.abc import Callable, Sequence

import typer

from decnet.cli.errors import OperatorError
from decnet.fleet.deployment import find_deployment, transaction
from decnet.fleet.settings_deckies import deckies_of_settings
from decnet.remote.current import master
from decnet.show.deckies import is_as_desired, state_words
from decnet_core.text import for_terminal
from decnet_models.fleet import states
from decnet_models.fleet.queries import Decky
from decnet_models.fleet.states import State

EVERY_SECONDS = 0.5
_MOST_NAMED = 5

Found = Sequence[tuple[Decky, State | None]]


def all_states() -> Found:
    """Return every decky of the desired fleet with what it is, on this host or the remote master."""
    if (remote := master()) is not None:
        from decnet.remote import deckies as there

        return [(one, state) for one, state in there.deckies(remote) if one.version]
    with transaction(find_deployment()) as connection:
        return states.all_states(connection)


def all_deckies() -> Found:
    """Return every decky by name, those of the settings too, with what it is, on this host or the remote master."""
    if (remote := master()) is not None:
        from decnet.remote import deckies as there

        return there.deckies(remote)
    deployment = find_deployment()
    of_settings = [(one, None) for one in deckies_of_settings(deployment)]
    with transaction(deployment) as connection:
        return sorted([*states.all_states(connection), *of_settings], key=lambda found: found[0].name)


def wait(seconds: float, look: Callable[[], Found] = all_states, pause: Callable[[float], None] = time.sleep) -> None:
    """Return when all deckies are as desired, and those that are to go have gone; raises OperatorError after a time."""
    until, told = time.monotonic() + seconds, ""
    while True:
        found = look()
        others = [(one, state) for one, state in found if not is_as_desired(one, state)]
        line = f"{len(found) - len(others)} of {len(found)} deckies are as desired"
        if line != told:
            typer.echo(line, err=True)
            told = line
        if not others:
            return
        if time.monotonic() > until:
            raise OperatorError(_late(others, seconds))
        pause(EVERY_SECONDS)


def _late(others: Found, seconds: float) -> str:
    named = [f"{one.name}: {state_words(one, state)}{_reason(state)}" for one, state in others[:_MOST_NAMED]]
    more = f"and {len(others) - len(named)} more; " if len(others) > len(named) else ""
    heading = f"{len(others)} deckies are not as desired after {seconds:g} s:"
    return "\n".join([heading, *named, f"{more}see decnet decky list, and decnet status"])


def _reason(state: State | None) -> str:
    return f": {for_terminal(state.error)}" if state and state.error else ""
