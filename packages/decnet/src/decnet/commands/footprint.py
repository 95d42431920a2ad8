# SPDX-License-Identifier: MIT
"""`decnet footprint`: what every worker of the running fleet costs, and their sum."""

from typing import Annotated

import typer

from decnet.cli.errors import OperatorError
from decnet.cli.options import Json, application
from decnet.fleet.deployment import find_deployment
from decnet.fleet.footprint import Row, look, total_of
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.columns import columns

app = application("What the fleet costs.")

_MIB = 1 << 20
_SETTLING_SECONDS = 0.1


@app.command()
def footprint(
    as_json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="Repeat: a page (or a JSON line) per interval.")] = False,
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="How long wake-ups and CPU are sampled.")] = 2.0,
) -> None:
    """Print RSS, PSS, USS, threads, wake-ups, CPU and modules per worker and in all."""
    while True:
        rows = _rows(seconds)
        typer.echo(documents.document({"workers": rows, "total": total_of(rows)}) if as_json else page(rows))
        if not watch:
            return


def _rows(seconds: float) -> list[Row]:
    if (remote := master()) is not None:
        from decnet.remote import fleet

        return fleet.footprint(remote, seconds)
    deployment = find_deployment()
    rows = look(deployment, seconds)
    if not rows:
        raise OperatorError(f"no fleet runs in {deployment.state.root}; start one with `decnet up`")
    return rows


def page(rows: list[Row]) -> str:
    """Return the table, in MiB, with the fleet's total below."""
    total = total_of(rows)
    heading = ("worker", "pid", "RSS", "PSS", "USS", "clean", "dirty", "threads", "wake-ups/s", "CPU %", "modules")
    body: list[tuple[object, ...]] = [
        (
            row.name,
            row.pid,
            *(_mib(value) for value in (row.rss, row.pss, row.uss, row.private_clean, row.private_dirty)),
            row.threads,
            row.wakeups_per_second,
            row.cpu_percent,
            row.modules,
        )
        for row in rows
    ]
    sums = (None, None, _mib(total.pss), _mib(total.uss), None, None, total.threads)
    body.append(("total", *sums, total.wakeups_per_second, total.cpu_percent, None))
    shared = f"MiB; shared by all: {_mib(total.shared)}; the fleet takes {_mib(total.pss)} (the sum of PSS)"
    return f"{columns(heading, body)}\n{shared}"


def _mib(value: int) -> str:
    return f"{value / _MIB:.1f}"
