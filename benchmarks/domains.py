# SPDX-License-Identifier: MIT
"""What a process holds once it has imported the domains that its worker writes or reads, beside SQLModel with nothing.

SQLModel needs another SQLAlchemy than ours, so it gets an environment of its own: made for the run (from PyPI), or the
interpreter that is named.

Usage: python benchmarks/domains.py [--json] [--sqlmodel PYTHON]
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from sqlalchemy import Table

from decnet_models.database.domains import domains
from decnet_models.database.ownership import ANY, READERS, owners

Row = dict[str, float]

DRIVER = "import sqlalchemy; sqlalchemy.create_engine('sqlite://')"
"""What every database process has: Core and the driver."""

LOAD = (
    "import importlib, pkgutil\n"
    "for domain in {domains!r}:\n"
    "    package = importlib.import_module(f'decnet_models.{{domain}}')\n"
    "    for module in pkgutil.iter_modules(package.__path__):\n"
    "        importlib.import_module(f'{{package.__name__}}.{{module.name}}')\n"
)


def measured(python: str, code: str) -> Row:
    """Return modules and MiB (smaps_rollup of proc(5)) of an interpreter that ran `code`."""
    program = f"{code}\nimport sys; print(len(sys.modules), flush=True); sys.stdin.read()"
    with subprocess.Popen([python, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        modules = int(process.stdout.readline())
        kib = {}
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()[1:]:
            name, value, _ = line.split(None, 2)
            kib[name.rstrip(":")] = int(value)
        process.communicate("")
    unique = kib["Private_Clean"] + kib["Private_Dirty"]
    return {"modules": modules, "rss": kib["Rss"] / 1024, "pss": kib["Pss"] / 1024, "uss": unique / 1024}


def domains_by_worker() -> dict[str, list[str]]:
    """Return which domains each worker of the architecture writes or reads, from what the tables say."""
    found: dict[str, set[str]] = {}
    for domain in domains():
        for table in _tables_of(domain):
            for worker in (*(owners(table) - ANY), *table.info[READERS]):
                found.setdefault(worker, set()).add(domain)
    shared = {"progress", "notices"}  # what every worker that reads the log, or tells of something, has
    return {worker: sorted(named | shared) for worker, named in sorted(found.items())}


def sqlmodel_python(place: Path) -> str:
    """Make an environment that has SQLModel and return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    python = str(place / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "sqlmodel"], check=True)
    return python


def rows(sqlmodel: str) -> dict[str, Row]:
    """Measure everything."""
    found = {
        "(bare interpreter)": measured(sys.executable, "pass"),
        "(SQLAlchemy Core)": measured(sys.executable, DRIVER),
        "(SQLModel, nothing)": measured(sqlmodel, "import sqlmodel; sqlmodel.create_engine('sqlite://')"),
    }
    for worker, named in domains_by_worker().items():
        found[f"{worker} ({len(named)})"] = measured(sys.executable, DRIVER + "\n" + LOAD.format(domains=named))
    base = found["(SQLModel, nothing)"]["uss"]
    return {name: {**row, "ratio": row["uss"] / base} for name, row in found.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sqlmodel", default="", help="an interpreter that has SQLModel")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="decnet-sqlmodel-") as directory:
        found = rows(chosen.sqlmodel or sqlmodel_python(Path(directory)))
    if chosen.json:
        print(json.dumps(found))
        return
    print(f"Python {sys.version.split()[0]}; MiB; ratio is USS to that of SQLModel with nothing\n")
    print(f"{'worker (domains)':26} {'modules':>8} {'RSS':>7} {'PSS':>7} {'USS':>7} {'ratio':>6}")
    for name, row in found.items():
        memory = " ".join(f"{row[kind]:7.1f}" for kind in ("rss", "pss", "uss"))
        print(f"{name:26} {row['modules']:8.0f} {memory} {row['ratio']:6.2f}")


def _tables_of(domain: str) -> list[Table]:
    return list(importlib.import_module(f"decnet_models.{domain}.tables").metadata.tables.values())


if __name__ == "__main__":
    main()
