# SPDX-License-Identifier: MIT
"""A summary as a document that is sent on: HTML that needs nothing else, or Markdown. Attacker text stays text."""

import html
import re
from collections.abc import Sequence
from importlib.metadata import version

from decnet.history.activity_chart import activity_chart
from decnet.history.sections import Section, headline, sections_of, span
from decnet.history.summary import Summary
from decnet_core.events.catalogue import FileCaptured, kind_of
from decnet_core.text import for_terminal

_CELL_LIMIT = 400

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bar: #b3261e; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 72rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; }
dt { font-size: .8rem; opacity: .7; }
dd { margin: 0; font-size: 1.6rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; } svg rect { fill: var(--bar); } svg text { fill: currentColor; font-size: 11px; }
footer { margin-top: 3rem; font-size: .8rem; opacity: .7; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""

_LINKED = re.compile(r"(?<=[a-z])://|(?<=www)\.|@|(?<=mailto):|(?<=xmpp):", re.IGNORECASE)
"""What makes an address or a URL of plain text a link (GitHub Flavored Markdown, autolinks)."""
_MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>()#|~!&"})


def figures(summary: Summary) -> tuple[tuple[str, int], ...]:
    """Return the figures that stand at the top."""
    return (
        ("attackers", summary.attackers),
        ("of them new", summary.new_attackers),
        ("log-ins accepted", summary.accepted_logins),
        ("techniques", summary.technique_count),
        ("files left", summary.kinds.get(kind_of(FileCaptured), 0)),
        ("canary hits", sum(one.times for one in summary.canary_tokens)),
        ("events", summary.events),
    )


def html_report(summary: Summary) -> str:
    """Return one page without scripts and without anything to load."""
    top = "".join(f"<div><dt>{name}</dt><dd>{value:,}</dd></div>" for name, value in figures(summary))
    tables = "".join(map(_html_section, sections_of(summary))) or "<p>Nobody was here in that time.</p>"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>DECNET report, {span(summary.window)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>DECNET report</h1><p>{span(summary.window)} (UTC)</p><dl>{top}</dl>"
        f"<h2>Events by hour</h2>{activity_chart(summary.hours)}{tables}"
        f"<footer>{_footer(summary)}</footer></body></html>"
    )


def markdown_report(summary: Summary) -> str:
    """Return the report in Markdown (CommonMark with tables)."""
    lines = [f"# DECNET report, {span(summary.window)}", "", f"{headline(summary)}.", ""]
    for section in sections_of(summary):
        lines += [f"## {section.title}", "", *_markdown_table(section), ""]
    return "\n".join([*lines, _footer(summary)])


def _html_section(section: Section) -> str:
    heading = "".join(f"<th scope=col>{name}</th>" for name in section.heading)
    rows = "".join(f"<tr>{''.join(f'<td>{_html_cell(cell)}</td>' for cell in row)}</tr>" for row in section.rows)
    table = f"<table><thead><tr>{heading}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<section><h2>{section.title}</h2><div class=wide>{table}</div></section>"


def _html_cell(value: object) -> str:
    return "" if value is None else html.escape(for_terminal(str(value), _CELL_LIMIT))


def _markdown_table(section: Section) -> list[str]:
    rule = "|".join(" --- " for _ in section.heading)
    return [_markdown_row(section.heading), f"|{rule}|", *map(_markdown_row, section.rows)]


def _markdown_row(cells: Sequence[object]) -> str:
    shown = ("" if cell is None else _escaped(for_terminal(str(cell), _CELL_LIMIT)) for cell in cells)
    return f"| {' | '.join(shown)} |"


def _escaped(text: str) -> str:
    """Return text as Markdown that shows it and nothing else."""
    return _LINKED.sub(r"\\\g<0>", text.translate(_MARKDOWN))


def _footer(summary: Summary) -> str:
    counted = f" {summary.not_counted:,} occurrences of further values are not counted." if summary.not_counted else ""
    return (
        f"DECNET {version('decnet')}. Whoever touches a decky is an attacker. Lists show the beginning; scores and the "
        f"events of single attackers are of all time, everything else of this span.{counted}"
    )
