# SPDX-License-Identifier: MIT
"""`decnet search TEXT`: events in which words occur."""

from typing import Annotated

import typer

from decnet.cli.errors import WrongUsageError
from decnet.cli.event_kinds import known_kinds
from decnet.cli.options import Csv, JsonLines, Limit, application
from decnet.cli.time_options import Since, Until
from decnet.cli.time_window import time_window
from decnet.fleet.deployment import find_deployment, transaction
from decnet.history.search import search
from decnet.history.selection import Selection
from decnet.remote.current import master
from decnet.show.events import print_events
from decnet_models.history.words import words_in
from decnet_models.known.matching import KnownSources
from decnet_models.known.queries import known_sources

app = application("Search events.")


@app.command("search")
def search_events(
    *,
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help="Words, or beginnings of words; all must occur.")],
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; repeatable.")] = None,
    decky: Annotated[str | None, typer.Option(help="Only at this decky.")] = None,
    source: Annotated[str | None, typer.Option("--attacker", "--source", help="Only from this address.")] = None,
    known: Annotated[bool, typer.Option(help="Also what known sources do.")] = False,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: JsonLines = False,
    as_csv: Csv = False,
) -> None:
    """Find events by what is in them: commands, requests, credentials, file names, addresses, ...; newest last.

    Nothing in TEXT has a meaning of its own: `/etc/shadow` finds just that.
    """
    if as_json and as_csv:
        raise WrongUsageError("choose --json or --csv")
    if not words_in(" ".join(text)):
        raise WrongUsageError("there is no letter or digit to search for")
    window, kinds = time_window(since, until), known_kinds(kind or [])
    if (remote := master()) is not None:
        from decnet.remote import findings

        wanted = Selection(kinds=kinds, decky=decky, attacker=source, window=window)
        found = findings.events(remote, wanted, limit, known=known, words=" ".join(text))
    else:
        with transaction(find_deployment()) as connection:
            ours = KnownSources() if known or source else KnownSources(known_sources(connection))
            selection = Selection(kinds=kinds, decky=decky, attacker=source, window=window, known=ours)
            found = search(connection, " ".join(text), selection, limit)
    print_events(found, as_json=as_json, as_csv=as_csv)
