# SPDX-License-Identifier: MIT
"""`decnet swarm`: the sensor hosts of this fleet, and how to add one."""

import time
from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.commands import RecordedCommand, changed_outside
from decnet.cli.errors import OperatorError, WrongUsageError
from decnet.cli.options import Csv, Json, application
from decnet.fleet.deployment import find_deployment
from decnet.remote.current import master as remote_master
from decnet.show import documents
from decnet.show.tables import print_table
from decnet.show.times import duration, moment, size
from decnet.swarm import bundle as bundles
from decnet.swarm import sensors as swarm
from decnet.swarm.members import Listed, listed
from decnet.swarm.sensors import Offer
from decnet_core.timing.durations import SECOND_NS

app = application("Sensor hosts: list, enrol, renew and revoke them.")

Name = Annotated[str, typer.Argument(help="The sensor's name, as its events will show it.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="It is enrolled already; its old certificates become invalid.")
]
Master = Annotated[
    str, typer.Option(help="Host, or HOST:PORT, by which the sensor reaches this one; else [listener] public.")
]
Hours = Annotated[float, typer.Option(min=0.01, max=24 * 90, help="How long the token is valid.")]
Hosts = Annotated[
    list[str] | None, typer.Option("--host", help="A name of this host, for syslog senders that check it; repeatable.")
]


@app.command(cls=RecordedCommand)
def token(
    name: Name,
    *,
    master: Master = "",
    hours: Hours = 24.0,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Print the command that makes another host a sensor of this fleet; it works once."""
    if (remote := remote_master()) is not None:
        from decnet.remote import sensors as there

        made = there.offer(remote, name, master=master, hours=hours, replaces=replace)
    else:
        made = swarm.offer(find_deployment(), name, master=master, hours=hours, replaces=replace)
        changed_outside()
    if as_json:
        typer.echo(documents.document(made))
        return
    typer.echo(made.command)
    typer.echo(_explained(made), err=True)


@app.command(cls=RecordedCommand)
def bundle(
    name: Name,
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; default: NAME.pyz.")] = None,
    wheels: Annotated[
        Path | None, typer.Option(help="The wheelhouse; default: that of this installation, or dist.")
    ] = None,
    master: Master = "",
    hours: Hours = 24.0,
    replace: Replace = False,
) -> None:
    """Write one file that makes another host a sensor, offline: wheels, address and token; `python3 FILE` there."""
    path = output or Path(f"{name}.pyz")
    if path.exists():
        raise OperatorError(f"{path} exists; remove it, or name another with --output")
    if (remote := remote_master()) is not None:
        from decnet.remote import sensors as there

        if wheels is not None:
            raise WrongUsageError("--wheels is not for --api: the bundle has the wheels that the master has")
        content = there.bundle(remote, name, master=master, hours=hours, replaces=replace)
        typer.echo(_bundled(path, bundles.keep(path, content), name))
        return
    needed = bundles.wheels_of(wheels or bundles.default_wheelhouse())
    made = swarm.offer(find_deployment(), name, master=master, hours=hours, replaces=replace)
    changed_outside()
    taken = bundles.write(path, needed, bundles.Order(name, made.master, made.token, *bundles.built_for(needed)))
    typer.echo(_bundled(path, taken, name))
    typer.echo(_explained(made), err=True)


@app.command(cls=RecordedCommand)
def enrol(
    name: Name,
    csr: Annotated[Path, typer.Option(help="Its certificate request (PEM, key on P-256); - for standard input.")],
    *,
    days: Annotated[float | None, typer.Option(min=0.01, max=3650, help="How long it is valid.")] = None,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Sign the request of a sender that is set up by hand, e.g. rsyslog, and print its certificate chain."""
    if (remote := remote_master()) is not None:
        from decnet.remote import sensors as there

        made = there.sign(remote, name, swarm.request_text(csr), days=days, replaces=replace)
    else:
        made = swarm.sign(find_deployment(), name, csr, days=days, replaces=replace)
        changed_outside()
    typer.echo(documents.document(made) if as_json else made.chain.rstrip("\n"))


@app.command(name="list")
def list_(as_json: Json = False, as_csv: Csv = False) -> None:
    """List sensors, when each sent events and was heard last, and tokens that wait."""
    if (remote := remote_master()) is not None:
        from decnet.remote import sensors as there

        listing = there.sensors(remote)
    else:
        listing = listed(find_deployment())
    print_table(
        listing.sensors,
        ("name", "state", "certificate until", "enrolled", "renewed", "from", "last events", "last contact"),
        _row,
        as_json=as_json,
        as_csv=as_csv,
        nothing="none yet; make one with decnet swarm token NAME",
        document=listing,
    )
    if listing.ending and not (as_json or as_csv):
        typer.echo("the listener's own certificate expires soon: decnet swarm renew", err=True)


@app.command(cls=RecordedCommand)
def revoke(name: Name) -> None:
    """Reject a sensor and its unused token from now on; its connection ends at once, its events stay."""
    _end(name, "revoke")


@app.command(cls=RecordedCommand)
def forget(name: Name) -> None:
    """Take a revoked sensor out of the list."""
    _end(name, "forget")


@app.command(cls=RecordedCommand)
def renew(
    *,
    new_keys: Annotated[bool, typer.Option("--new-keys", help="Also change keys; sensors expect the next.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even if some sensors do not know the next key yet.")] = False,
    host: Hosts = None,
    as_json: Json = False,
) -> None:
    """Give the listener a new certificate; sensors renew theirs by themselves."""
    if (remote := remote_master()) is not None:
        from decnet.remote import sensors as there

        made = there.renew(remote, host or [], new_keys=new_keys, force=force)
    else:
        made = swarm.renew(find_deployment(), host or [], new_keys=new_keys, force=force)
        changed_outside()
    text = f"the listener's certificate is valid until {moment(made.not_after * SECOND_NS)}"
    typer.echo(documents.document(made) if as_json else text)


@app.command()
def authority() -> None:
    """Print the fleet's authority (PEM), which senders that are set up by hand must trust."""
    if (remote := remote_master()) is not None:
        from decnet.remote import sensors as there

        typer.echo(there.authority(remote).rstrip("\n"))
        return
    typer.echo(swarm.authority_certificate(find_deployment()).rstrip("\n"))


def _end(name: str, op: str) -> None:
    if (remote := remote_master()) is not None:
        from decnet.remote import sensors as there

        there.end(remote, name, op)
    else:
        {"revoke": swarm.revoke, "forget": swarm.forget}[op](find_deployment(), name)
        changed_outside()


def _bundled(path: Path, taken: int, name: str) -> str:
    return f"{path}: {size(taken)}; keep it secret, and run `python3 {path.name}` on {name} as root"


def _explained(made: Offer) -> str:
    left = duration(made.expires_at - time.time())
    return (
        f"\nRun this on {made.name}, as root if systemd is to run it. It works once, within {left}.\n"
        f"If {made.name} does not reach this host as {made.master}, set --master or [listener] public."
    )


def _row(one: Listed) -> tuple[object, ...]:
    until, enrolled, renewed, events, contact = (
        moment(at * SECOND_NS) if at else None
        for at in (one.valid_until, one.enrolled_at, one.renewed_at, one.last_events_at, one.last_contact_at)
    )
    heard = "connected" if one.connected else contact
    return one.name, one.state, until, enrolled, renewed, one.address or None, events, heard
