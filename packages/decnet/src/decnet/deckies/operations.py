# SPDX-License-Identifier: MIT
"""What an operator does with the desired fleet: plan a change of some deckies or of all, and carry it out."""

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError, OperatorError
from decnet.deckies import commit, host_network
from decnet.deckies.addressing import DHCP
from decnet.deckies.catalogues.images import known_images
from decnet.deckies.catalogues.personas import known_personas
from decnet.deckies.plan import Plan, plan, removal
from decnet.deckies.resolve import Known, drawn_seed, resolve
from decnet.deckies.wanted import Wanted
from decnet.fleet.deployment import Deployment, transaction
from decnet.fleet.settings_deckies import deckies_of_settings
from decnet_core.deckies.orders import contacts
from decnet_decoys.fleet import settings_deckies
from decnet_decoys.personas.catalog import PersonaError
from decnet_decoys.settings import DecoysSettings
from decnet_models.fleet.queries import Address, Decky, decky_named


class ImpossibleError(OperatorError):
    """The deckies cannot be as they were asked for; nothing was changed."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        heading = ("nothing was changed:",) if len(problems) > 1 else ()
        super().__init__("\n".join((*heading, *problems)))


def planned(
    deployment: Deployment,
    connection: Connection,
    wanted: Sequence[Wanted],
    *,
    whole: bool,
    draw: Callable[[], int] = drawn_seed,
) -> Plan:
    """Return the plan that makes the fleet, or of it only these deckies, as wanted; raises OperatorError.

    `draw` draws the seeds of new deckies.
    """
    try:
        current = commit.current_deckies(connection)
        images = known_images(deployment)
        own = {one.name for one in settings_deckies(deployment.settings.section("decoys", DecoysSettings))}
        known = Known(
            known_personas(deployment),
            host_network.look(),
            current,
            images=images,
            reserved=frozenset(own),
            sensors=contacts(deployment.state.root),
            draw=draw,
        )
        named = {one.name for one in wanted}
        others = [] if whole else [one for name, one in current.items() if name not in named and one.wanted]
        resolved = resolve(wanted, known, others=others)
        if resolved.problems:
            raise ImpossibleError(resolved.problems)
        steps = commit.persona_steps(connection, known.personas, (one.persona for one in resolved.deckies))
    except PersonaError as error:
        raise OperatorError(str(error)) from error
    return plan(current, resolved.deckies, steps, whole=whole)


def planned_removal(connection: Connection, names: Iterable[str]) -> Plan:
    """Return the plan that removes these deckies; raises NotFoundError."""
    current = commit.current_deckies(connection)
    for name in names:
        wanted_decky(current, name)
    return removal(current, names)


def carry_out(deployment: Deployment, made: Plan, planned: Callable[[Connection], Plan], *, reason: str) -> None:
    """Apply a plan in one transaction, if it is still what `planned` returns there, and wake the reconciler.

    Raises OperatorError. A plan says what becomes of deckies that others may have added or changed since it was shown.
    """
    if made.is_empty:
        return
    with transaction(deployment, write=True) as connection:
        if planned(connection) != made:
            raise commit.ChangedMeanwhileError(
                "the fleet has been changed meanwhile, and the plan is not what was shown; nothing was done: run the "
                "command again"
            )
        commit.apply(connection, made, reason=reason)
    commit.announce(deployment, len(made.steps))


def wanted_decky(current: Mapping[str, Decky], name: str) -> Decky:
    """Return the row; raises NotFoundError for none, or one that is being removed."""
    one = current.get(name)
    if one is None or not one.wanted:
        raise _no_decky(name)
    return one


def any_decky(deployment: Deployment, connection: Connection, name: str) -> Decky:
    """Return the decky of the desired fleet, else of the settings (version 0); raises NotFoundError."""
    found = decky_named(connection, name)
    found = found or next((one for one in deckies_of_settings(deployment) if one.name == name), None)
    if found is None:
        raise _no_decky(name)
    return found


def as_wanted(one: Decky) -> Wanted:
    """Return what somebody would ask for to get this row."""
    given = () if one.dhcp else one.addresses
    return Wanted(
        name=one.name,
        persona=one.persona,
        addresses=(DHCP,) if one.dhcp else tuple(map(_text, one.addresses)),
        runtime=one.runtime,
        interface=one.interface,
        subnets=tuple(dict.fromkeys(_subnet(each) for each in given if each.prefix_length is not None)),
        gateways=tuple(dict.fromkeys(each.gateway for each in given if each.gateway)),
        services={each.service: each.port for each in one.services},
        host_name=one.host_name,
        mac=one.mac,
        image=one.image,
        sensor=one.sensor,
    )


def changed(one: Decky, changes: Wanted, given: frozenset[str]) -> Wanted:
    """Return row `one` with the fields in `given` as `changes` has them.

    Another persona has other services and another vendor's MAC, another runtime other ports and another place, another
    image other services and another persona, unless they are given as well.
    """
    wanted = as_wanted(one)
    dropped: dict[str, object] = {}
    if "persona" in given:
        dropped |= {"services": wanted.services if wanted.image else None, "mac": None}
    if "image" in given:
        dropped |= {"services": None, "mac": None, "persona": None}
    if "runtime" in given:
        dropped |= {"services": None, "mac": None, "interface": None, "subnets": (), "gateways": (), "image": None}
    if "sensor" in given and changes.sensor != one.sensor:
        dropped |= {"interface": None, "gateways": ()}
    if "addresses" in given and "runtime" not in given:
        dropped |= {"subnets": ()} if not _within(changes.addresses, wanted.subnets) else {}
        dropped |= {"gateways": ()} if DHCP in changes.addresses else {}
    return msgspec.structs.replace(wanted, **dropped | {name: getattr(changes, name) for name in given})


def _no_decky(name: str) -> NotFoundError:
    """Return the error for a name that no decky has, or none that can be changed."""
    return NotFoundError(
        f"there is no decky {name!r} in the desired fleet; decnet decky list shows it, and those of the settings, "
        "which are changed there: [[decoys.decky]]"
    )


def _within(addresses: Iterable[str], subnets: Iterable[str]) -> bool:
    """Return whether the addresses are in the networks that the decky has; what is no address is refused later."""
    networks = [ipaddress.ip_network(each) for each in subnets]
    try:
        return all(any(ipaddress.ip_interface(each).ip in network for network in networks) for each in addresses)
    except ValueError:
        return False


def _text(one: Address) -> str:
    return one.address if one.prefix_length is None else f"{one.address}/{one.prefix_length}"


def _subnet(one: Address) -> str:
    return str(ipaddress.ip_interface(_text(one)).network)
