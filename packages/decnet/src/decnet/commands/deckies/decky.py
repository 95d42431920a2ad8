# SPDX-License-Identifier: MIT
"""`decnet decky`: single deckies of the desired fleet."""

from typing import Annotated, Any, get_args

import msgspec
import typer

from decnet.cli.commands import RecordedCommand
from decnet.cli.errors import WrongUsageError
from decnet.cli.options import Csv, Json, Limit, application
from decnet.deckies import commit
from decnet.deckies.appearance import Appearance, appearance
from decnet.deckies.doing import offered, tell
from decnet.deckies.mutation import policy_of
from decnet.deckies.operations import any_decky, wanted_decky
from decnet.deckies.plan import address_words, words
from decnet.deckies.policy import Rules, set_policy
from decnet.deckies.wanted import Runtime, Wanted
from decnet.deckies.wishes import DeckyEdit, Wishes
from decnet.fleet.arrival import all_deckies
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.deckies import LIST_HEADING, inspection, list_row, list_text, policy_text
from decnet.show.tables import print_table
from decnet_models.fleet import change_log, mutation_policies, queries, states
from decnet_models.fleet.change_log import Change
from decnet_models.fleet.mutation_policies import BadPolicy, Policy
from decnet_models.fleet.queries import Decky
from decnet_models.fleet.states import State

app = application(
    "Deckies of the desired fleet: add, list, show, change, remove and inspect them, and let them change."
)

Name = Annotated[str, typer.Argument(help="The decky's name.")]
Addresses = Annotated[
    list[str] | None,
    typer.Option("--address", help="Address, with or without prefix length, or dhcp; repeatable."),
]
RuntimeOption = Annotated[
    str | None, typer.Option("--runtime", help="loopback, host (an address of this host), netns or container.")
]
Interface = Annotated[str | None, typer.Option(help="Interface of this host by which it is reached.")]
Subnets = Annotated[
    list[str] | None,
    typer.Option("--subnet", help="Network of the interface, if this host has no address in it; repeatable."),
]
Gateways = Annotated[list[str] | None, typer.Option("--gateway", help="Router that it shows; repeatable.")]
Services = Annotated[
    list[str] | None, typer.Option("--service", help="SERVICE or SERVICE=PORT; repeatable. Else the persona's.")
]
HostName = Annotated[str | None, typer.Option(help="Host name that it shows; else its name.")]
ImageOption = Annotated[
    str | None, typer.Option("--image", help="Honeypot image to run (container); decnet image list shows them.")
]
Mac = Annotated[str | None, typer.Option(help="MAC address (netns, container); else one that fits the persona.")]
SensorOption = Annotated[
    str | None,
    typer.Option("--sensor", help="Sensor host that plays it; decnet swarm list shows them. Else this one."),
]
PlanOnly = Annotated[bool, typer.Option("--plan", help="Only show what would be done.")]


@app.command(cls=RecordedCommand)
def add(
    name: Name,
    *,
    persona: Annotated[
        str | None, typer.Option(help="What it plays; decnet persona list shows them. An image has one that fits.")
    ] = None,
    image: ImageOption = None,
    address: Addresses = None,
    runtime: RuntimeOption = None,
    interface: Interface = None,
    subnet: Subnets = None,
    gateway: Gateways = None,
    service: Services = None,
    host_name: HostName = None,
    mac: Mac = None,
    sensor: SensorOption = None,
    plan_only: PlanOnly = False,
    as_json: Json = False,
) -> None:
    """Add a decky."""
    given = _given(
        runtime, service, persona=persona, addresses=address, interface=interface, subnets=subnet, gateways=gateway,
        host_name=host_name, mac=mac, image=image, sensor=sensor,
    )  # fmt: skip
    wanted = msgspec.convert({"persona": None, "addresses": (), **given, "name": name}, Wanted)
    _do(Wishes(add=(wanted,)), f"decky add {name}", plan_only=plan_only, as_json=as_json)


@app.command(cls=RecordedCommand)
def change(
    name: Name,
    *,
    persona: Annotated[str | None, typer.Option(help="What it plays; decnet persona list shows them.")] = None,
    image: ImageOption = None,
    address: Addresses = None,
    runtime: RuntimeOption = None,
    interface: Interface = None,
    subnet: Subnets = None,
    gateway: Gateways = None,
    service: Services = None,
    host_name: HostName = None,
    mac: Mac = None,
    sensor: SensorOption = None,
    plan_only: PlanOnly = False,
    as_json: Json = False,
) -> None:
    """Change a decky: what is given replaces what it has."""
    given = _given(
        runtime, service, persona=persona, addresses=address, interface=interface, subnets=subnet, gateways=gateway,
        host_name=host_name, mac=mac, image=image, sensor=sensor,
    )  # fmt: skip
    if not given:
        raise WrongUsageError("say what to change; see decnet decky change --help")
    _do(Wishes(change=(DeckyEdit(name, given),)), f"decky change {name}", plan_only=plan_only, as_json=as_json)


@app.command(cls=RecordedCommand)
def remove(
    names: Annotated[list[str], typer.Argument(help="Names of deckies.")],
    *,
    plan_only: PlanOnly = False,
    as_json: Json = False,
) -> None:
    """Remove deckies; what was recorded of their visitors stays."""
    _do(Wishes(remove=tuple(names)), f"decky remove {' '.join(names)}", plan_only=plan_only, as_json=as_json)


@app.command(name="list")
def list_(as_json: Json = False, as_csv: Csv = False) -> None:
    """List the deckies of the desired fleet and those of the settings with what they are."""
    found = all_deckies()
    if not (as_json or as_csv):
        typer.echo(list_text(found))
        return
    document = [{"decky": one, "state": state, "from_settings": not one.version} for one, state in found]
    print_table(found, LIST_HEADING, list_row, as_json=as_json, as_csv=as_csv, nothing="", document=document)


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show a decky with what its visitors see of it, and the logins that it accepts."""
    one, visible = _shown(name)
    seen = {} if visible is None else {**msgspec.structs.asdict(visible), "logins": ", ".join(visible.logins)}
    if as_json:
        typer.echo(documents.document({"decky": one, "shows": seen}))
        return
    rows = {
        "addresses": address_words(one), "runtime": one.runtime, "interface": one.interface, "sensor": one.sensor,
        "persona": one.persona,
        "image": one.image, "services": words(one.services),
        "version": str(one.version) if one.version else "that of the settings", "host name": one.host_name,
        **seen,
    }  # fmt: skip
    typer.echo("\n".join([one.name, *(f"  {key:<11} {value or '-'}" for key, value in rows.items())]))


@app.command(cls=RecordedCommand)
def policy(
    name: Name,
    *,
    every: Annotated[str | None, typer.Option(help="How often mutate changes it: 90m, 12h, 7d, 2w.")] = None,
    window: Annotated[str, typer.Option(help="Time of the day (UTC) in which it does.")] = "00:00-24:00",
    service: Annotated[
        list[str] | None, typer.Option("--service", help="SERVICE or SERVICE=PORT that may come and go; repeatable.")
    ] = None,
    persona: Annotated[list[str] | None, typer.Option("--persona", help="What it may become; repeatable.")] = None,
    inconsistent: Annotated[
        bool, typer.Option("--inconsistent", help="Even what a returning visitor would notice: another system.")
    ] = False,
    off: Annotated[bool, typer.Option("--off", help="Leave the decky as it is from now on.")] = False,
    as_json: Json = False,
) -> None:
    """Show or set how mutate may change a decky; services that are not named stay."""
    if every is None and not off and (service or persona or inconsistent):
        raise WrongUsageError("say how often with --every")
    if off:
        _set_policy(name, {})
        return
    if every is not None:
        said = {"every": every, "window": window, "services": _ports(service), "personas": persona or []}
        _set_policy(name, {**said, "consistent": not inconsistent})
    found, at = _policy(name)
    typer.echo(documents.document(found) if as_json else policy_text(found, at))


@app.command()
def inspect(name: Name, limit: Limit = 10, as_json: Json = False) -> None:
    """Show what reconciler found of a decky when it last looked, and the decky's last changes."""
    one, state, history = _inspected(name, limit)
    whole = {"decky": one, "state": state, "changes": history}
    typer.echo(documents.document(whole) if as_json else inspection(one, state, history))


def _shown(name: str) -> tuple[Decky, Appearance | None]:
    if (remote := master()) is not None:
        from decnet.remote import deckies as there

        return there.shown(remote, name)
    deployment = find_deployment()
    with transaction(deployment) as connection:
        one = any_decky(deployment, connection, name)
    return one, appearance(deployment, one)


def _set_policy(name: str, said: dict[str, Any]) -> None:
    """Set a policy; without anything said drop it."""
    if (remote := master()) is not None:
        from decnet.remote import deckies as there

        there.set_policy(remote, name, said)
        return
    deployment = find_deployment()
    rules = Rules.said(**said) if said else None
    with transaction(deployment, write=True) as connection:
        if rules is None:
            wanted_decky(commit.current_deckies(connection), name)
            mutation_policies.drop_policy(connection, name)
        else:
            set_policy(deployment, connection, name, rules)
    commit.announce(deployment, 1)


def _policy(name: str) -> tuple[Policy | BadPolicy, int | None]:
    if (remote := master()) is not None:
        from decnet.remote import deckies as there

        return there.policy(remote, name)
    with transaction(find_deployment()) as connection:
        found, one = policy_of(connection, name), queries.decky_named(connection, name)
    return found, one.mutate_at if one else None


def _inspected(name: str, limit: int) -> tuple[Decky, State | None, list[Change]]:
    if (remote := master()) is not None:
        from decnet.remote import deckies as there

        return there.inspected(remote, name, limit)
    deployment = find_deployment()
    with transaction(deployment) as connection:
        one = any_decky(deployment, connection, name)
        return one, states.state_of(connection, name), change_log.history(connection, name, limit)


def _given(runtime: str | None, service: list[str] | None, **others: str | list[str] | None) -> dict[str, object]:
    """Return the options that were given, as fields of `Wanted`; raises WrongUsageError."""
    if runtime is not None and runtime not in get_args(Runtime):
        raise WrongUsageError(f"there is no runtime {runtime!r}; there are: container, host, loopback, netns")
    fields = {"runtime": runtime, "services": _services(service), **others}
    return {name: value for name, value in fields.items() if value}


def _ports(given: list[str] | None) -> dict[str, int | None]:
    """Return each service with its port, None for the usual one."""
    found: dict[str, int | None] = {}
    for each in given or ():
        name, equals, port = each.partition("=")
        if equals and not (port.isdecimal() and 0 < int(port) < 65536):
            raise WrongUsageError(f"--service {each}: write SERVICE or SERVICE=PORT")
        found[name] = int(port) if equals else None
    return found


def _services(given: list[str] | None) -> dict[str, int] | list[str] | None:
    """Return services with ports, or, when none has one, services that are at their usual ports."""
    if not given:
        return None
    if not any("=" in each for each in given):
        return given
    ports: dict[str, int] = {}
    for each in given:
        name, _, port = each.partition("=")
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise WrongUsageError(f"--service {each}: write SERVICE=PORT for each, or SERVICE for each")
        ports[name] = int(port)
    return ports


def _do(wishes: Wishes, reason: str, *, plan_only: bool, as_json: bool) -> None:
    offer = offered(wishes)
    tell(offer, as_json=as_json)
    if not plan_only:
        offer.take(reason)
