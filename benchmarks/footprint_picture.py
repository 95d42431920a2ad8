# SPDX-License-Identifier: MIT
"""Draws the picture of docs/explanation/memory.md from what the footprint benchmark printed.

`python benchmarks/footprint_picture.py found.json` writes docs/explanation/memory.svg and the table beside it, of what
`python benchmarks/footprint.py --mode fork --json` printed into found.json. A bar is one process: what is its own (USS)
and its share of what it shares (PSS less USS).
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "memory.md"
PICTURE = PAGE.with_suffix(".svg")
_TABLE = re.compile(
    r"(?<=<!-- benchmarks/footprint_picture.py writes this table -->\n).*?(?=\n<!-- end -->)", re.DOTALL
)

_LEFT, _TOP, _ROW, _BAR, _WIDTH = 150, 30, 22, 14, 720
_MIB = 14.0
"""Pixels of one MiB."""
_STYLE = """text { font: 13px sans-serif; fill: #222 } .figure { font-size: 12px } .own { fill: #b3541e }
.shared { fill: #e8c9a8 } @media (prefers-color-scheme: dark) { text { fill: #ddd } }"""

Row = Mapping[str, float]
Fleet = Mapping[str, Row]


def main() -> None:
    """Write picture and table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("found", type=Path, help="what `footprint.py --mode fork --json` printed")
    found: dict[str, Any] = json.loads(parser.parse_args().found.read_text())
    measured = found["modes"]["fork"]
    PICTURE.write_text(picture(found["python"], measured))
    PAGE.write_text(_TABLE.sub(table(measured), PAGE.read_text()))


def picture(python: str, measured: Mapping[str, Any]) -> str:
    """Return the fleet at rest and under load as SVG."""
    parts: list[str] = []
    y = _TOP
    for title, when in (("At rest", "idle"), ("Under load, 500 events/s", "load")):
        total = measured[f"{when}_total"]["pss"]
        parts.append(_text(10, y, f"{title}: {total:.1f} MiB in all"))
        parts += _bars(measured[when], y)
        y += _ROW * (len(measured[when]) + 2)
    parts.append(_text(10, y, f"MiB of PSS, Python {python}; dark: own memory (USS), light: share of shared memory"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 20}" role="img">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *parts, "</svg>", ""])


def table(measured: Mapping[str, Any]) -> str:
    """Return the same as a table in Markdown, with wake-ups and processor time."""
    idle, load = measured["idle"], measured["load"]
    lines = ["| | at rest | own | under load | own |", "|---|---|---|---|---|"]
    lines += [
        "| " + " | ".join([name, *_pair(idle.get(name)), *_pair(load.get(name))]) + " |"
        for name in dict.fromkeys([*idle, *load])
    ]
    totals = measured["idle_total"], measured["load_total"]
    lines.append("| in all | " + " | ".join(figure for total in totals for figure in _pair(total)) + " |")
    lines.append("| wake-ups a second | " + " | | ".join(f"{total['wakeups']:.1f}" for total in totals) + " | |")
    lines.append("| CPU, % of a core | " + " | | ".join(f"{total['cpu']:.1f}" for total in totals) + " | |")
    return "\n".join(lines)


def _pair(row: Row | None) -> tuple[str, str]:
    return (f"{row['pss']:.1f}", f"{row['uss']:.1f}") if row else ("", "")


def _bars(processes: Fleet, top: float) -> Iterator[str]:
    for number, (name, row) in enumerate(processes.items(), 1):
        y = top + number * _ROW
        own, shared = row["uss"] * _MIB, (row["pss"] - row["uss"]) * _MIB
        yield _text(20, y, name)
        yield f'<rect class="own" x="{_LEFT}" y="{y - _BAR + 2}" width="{own:.0f}" height="{_BAR}"/>'
        yield f'<rect class="shared" x="{_LEFT + own:.0f}" y="{y - _BAR + 2}" width="{shared:.0f}" height="{_BAR}"/>'
        yield _text(_LEFT + own + shared + 6, y, f"{row['pss']:.1f} ({row['uss']:.1f} own)", kind="figure")


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text{of_kind} x="{x:.0f}" y="{y:.0f}">{escape(words)}</text>'


if __name__ == "__main__":
    main()
