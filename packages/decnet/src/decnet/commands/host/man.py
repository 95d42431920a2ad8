# SPDX-License-Identifier: MIT
"""`decnet man`: the manual pages of all programs, made from their command lines."""

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.errors import NotFoundError, OperatorError
from decnet.cli.options import application
from decnet.manual.programs import programs
from decnet.manual.roff import page

app = application("Manual pages.")


@app.command()
def man(
    program: Annotated[str, typer.Argument(help="The program.")] = "decnet",
    folder: Annotated[Path | None, typer.Option("--all", help="Write the pages of all programs there.")] = None,
) -> None:
    """Show the manual page of a program; print it when there is no terminal or no `man`; or write all pages."""
    number = version("decnet")
    pages = {one.name: page(one, number) for one in programs()}
    if folder is not None:
        _write(folder, pages)
        return
    if program not in pages:
        raise NotFoundError(f"there is no program {program!r}; there are {', '.join(pages)}")
    viewer = shutil.which("man")
    if viewer is not None and sys.stdout.isatty():
        subprocess.run([viewer, "--local-file", "-"], input=pages[program], text=True, check=False)
    else:
        typer.echo(pages[program], nl=False)


def _write(folder: Path, pages: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (folder / f"{name}.1").write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"cannot write {error.filename}: {error.strerror}") from error
    typer.echo(f"{folder}: {len(pages)} pages")
