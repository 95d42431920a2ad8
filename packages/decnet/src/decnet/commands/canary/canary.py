# SPDX-License-Identifier: MIT
"""`decnet canary`: make tokens, and see which were used."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from decnet.canary import places, upkeep
from decnet.canary.instrument.errors import DocumentError
from decnet.canary.instrument.formats import FORMATS
from decnet.canary.kinds.kind import Bait
from decnet.canary.listing import Listed, known_kinds, listed_tokens
from decnet.canary.tokens import Options, checked_options, instrumented, new_bait, prepared
from decnet.cli.commands import RecordedCommand
from decnet.cli.errors import OperatorError, WrongUsageError
from decnet.cli.options import Csv, Json, Limit, application
from decnet.fleet.deployment import find_deployment, transaction
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.tables import print_table
from decnet.show.times import moment

app = application("Canary tokens: bait that reports when it is used.")

Label = Annotated[str, typer.Argument(help="Where it is planted, in your words; shown with each hit.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write the file here, - for standard output; default: its own name."),
]


@app.command(cls=RecordedCommand)
def new(
    label: Label,
    kind: Annotated[str, typer.Option(help="What it is; `decnet canary kinds` lists them.")] = "url",
    *,
    to: Annotated[str, typer.Option(help="URL to which a redirect leads.")] = "",
    site: Annotated[str, typer.Option(help="Host name of your own site (cloned-site).")] = "",
    scheme: Annotated[str, typer.Option(help="Of a connection string: postgresql, mysql, ...")] = "postgresql",
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Make a token: print the link to plant, or write the file."""
    options = checked_options(kind, Options(to, site, scheme))
    if (remote := master()) is not None:
        from decnet.remote import canaries as there

        made, content, name = there.new_canary(remote, label=label, kind=kind, to=to, site=site, scheme=scheme)
        bait = Bait(content, name)
        written = _written(bait, output) if bait.name or output else None
    else:
        deployment = find_deployment()
        with transaction(deployment, write=True) as connection:
            made, bait = new_bait(connection, deployment, kind, label, options)
            written = _written(bait, output) if bait.name or output else None
    if as_json:
        typer.echo(documents.document(made))
    elif written != "-":
        typer.echo(written or bait.content.decode())


@app.command()
def kinds(as_json: Json = False, as_csv: Csv = False) -> None:
    """List the kinds of tokens: what trips each, and what it reveals."""
    if (remote := master()) is not None:
        from decnet.remote import canaries as there

        known = there.canary_kinds(remote)
    else:
        known = known_kinds()
    if as_json or as_csv:
        heading = ("kind", "trips", "reveals")
        print_table(known, heading, msgspec.structs.astuple, as_json=as_json, as_csv=as_csv, nothing="")
        return
    for one in known:
        typer.echo(f"{one.kind}\n  trips: {one.trips}\n  reveals: {one.reveals}")


@app.command(cls=RecordedCommand)
def instrument(
    file: Annotated[Path, typer.Argument(help="A document: docx, xlsx, pptx, pdf, html, svg, png, jpg or gif.")],
    label: Annotated[str, typer.Option(help="Where it is planted, in your words; default: the file's name.")] = "",
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Put a new token into a document of yours; writes NAME-canary.EXT, an image as SVG."""
    if file.exists() and file.suffix.lower() not in FORMATS:
        raise WrongUsageError(f"{file.name}: only {', '.join(FORMATS)} can be instrumented")
    try:
        document = file.read_bytes()
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}") from error
    if (remote := master()) is not None:
        from decnet.remote import canaries as there

        made, content, name = there.instrument(remote, document, file.name, label.strip() or file.name)
        written = _written(Bait(content, name), output or file.with_name(name))
    else:
        deployment = find_deployment()
        try:
            ready = prepared(deployment, document, file)
        except DocumentError as error:
            raise OperatorError(f"{file.name} was not instrumented: {error}") from error
        with transaction(deployment, write=True) as connection:
            made = instrumented(connection, deployment, ready, label.strip() or file.name)
            written = _written(ready.bait, output or file.with_name(ready.bait.name))
    if as_json:
        typer.echo(documents.document(made))
    elif written != "-":
        typer.echo(written)


@app.command(name="list")
def list_(limit: Limit = 100, as_json: Json = False, as_csv: Csv = False) -> None:
    """List tokens, newest first, with their hits."""
    if (remote := master()) is not None:
        from decnet.remote import canaries as there

        listed = there.canaries(remote, limit)
    else:
        deployment = find_deployment()
        with transaction(deployment) as connection:
            listed = listed_tokens(connection, deployment, limit)
    heading = ("place", "kind", "label", "hits", "link scanners", "attackers", "last hit", "made")
    nothing = "none yet; make one with decnet canary new"
    print_table(listed, heading, _row, as_json=as_json, as_csv=as_csv, nothing=nothing)


def _written(bait: Bait, output: Path | None) -> str:
    """Write the file, never over another one; return its path. Raises OperatorError."""
    path = output or Path(bait.name)
    if str(path) == "-":
        typer.echo(bait.content, nl=False)
        return "-"
    try:
        with path.open("xb") as file:
            file.write(bait.content)
    except OSError as error:
        raise OperatorError(f"cannot write {path}: {error.strerror}; choose another place with -o") from error
    return str(path)


def _row(one: Listed) -> tuple[object, ...]:
    token, hits = one.planted, one.hits
    used = (
        (hits.hits - hits.scanners, hits.scanners, hits.attackers, moment(hits.last_seen)) if hits else (0, 0, 0, None)
    )
    kind = f"{token.kind} (disabled)" if token.disabled else token.kind
    return token.place, kind, token.label, *used, moment(token.created_at)


places.add_to(app)  # help lists commands in this order
upkeep.add_to(app)
