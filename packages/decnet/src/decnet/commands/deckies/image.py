# SPDX-License-Identifier: MIT
"""`decnet image`: what a decky can run in a container."""

from typing import Annotated

import typer

from decnet.cli.errors import NotFoundError
from decnet.cli.options import Csv, Json, application
from decnet.deckies.catalogues.images import known_images
from decnet.fleet.deployment import find_deployment
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.tables import print_table
from decnet_core.deckies.images import Image, ImageService

app = application("Honeypot images that deckies can run in containers: the shipped catalogue, and your own.")


@app.command(name="list")
def list_(as_json: Json = False, as_csv: Csv = False) -> None:
    """List the images with what they offer and the format of their logs."""
    known = dict(sorted(_known().items()))
    print_table(
        list(known.items()),
        ("image", "reference", "services", "log", "what it is"),
        lambda item: (item[0], item[1].reference, _services(item[1]), item[1].format, item[1].summary),
        as_json=as_json,
        as_csv=as_csv,
        nothing="none",
        document=known,
    )


@app.command()
def show(name: Annotated[str, typer.Argument(help="The image's name.")], as_json: Json = False) -> None:
    """Show how an image is run: its ports, limits and capabilities, and where it may write."""
    one = _known().get(name)
    if one is None:
        raise NotFoundError(f"there is no image {name!r}; decnet image list shows them")
    if as_json:
        typer.echo(documents.document(one))
        return
    rows = {
        "reference": one.reference,
        "what it is": one.summary,
        "persona": one.persona,
        "services": _services(one),
        "log": one.format,
        "memory": f"{one.memory_mb} MiB",
        "cpus": f"{one.cpus:g}",
        "processes": str(one.processes),
        "capabilities": ", ".join(one.capabilities),
        "read-only": "yes" if one.read_only else "no",
        "writes to": ", ".join(one.writable),
        "runs as": one.user or "the image's user",
        "environment": ", ".join(f"{key}={value}" for key, value in one.environment.items()),
        "command": "its own" if not one.command else "the catalogue's (--json shows it)",
    }
    typer.echo("\n".join([name, *(f"  {key:<12} {value or '-'}" for key, value in rows.items())]))


def _known() -> dict[str, Image]:
    if (remote := master()) is not None:
        from decnet.remote import catalogues as there

        return there.images(remote)
    return known_images(find_deployment())


def _services(one: Image) -> str:
    return ", ".join(f"{name} {_ports(service)}" for name, service in one.services.items())


def _ports(one: ImageService) -> str:
    listens = f" (inside {one.listens})" if one.listens not in (None, one.port) else ""
    return f"{one.port}{'/udp' if one.transport == 'udp' else ''}{listens}"
