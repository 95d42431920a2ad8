# SPDX-License-Identifier: MIT
"""`decnet docs`: the reference, made from the very code that is installed."""

from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.errors import NotFoundError, OperatorError
from decnet.cli.options import application
from decnet.manual.reference import pages
from decnet_core.settings import suggestion

app = application("The reference.")


@app.command()
def docs(
    page: Annotated[str, typer.Argument(help="The page; without one, the list of pages.")] = "index",
    folder: Annotated[Path | None, typer.Option("--all", help="Write all pages there.")] = None,
) -> None:
    """Print a page of the reference as Markdown, or write all pages."""
    if folder is not None:
        try:
            written = pages.write(folder)
        except OSError as error:
            raise OperatorError(f"cannot write {error.filename}: {error.strerror}") from error
        typer.echo("\n".join(map(str, written)))
        return
    if page != "index" and page not in pages.PAGES:
        raise NotFoundError(f"there is no page {page!r}{suggestion(page, pages.PAGES)}")
    typer.echo(pages.text(page), nl=False)
