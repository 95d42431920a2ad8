# SPDX-License-Identifier: MIT
"""Events by hour as a picture (SVG)."""

from collections.abc import Mapping

from decnet.show.times import moment
from decnet_core.timing.durations import HOUR_NS

_WIDTH, _HEIGHT, _BELOW = 960, 120, 18
_MOST_BARS = 240


def activity_chart(hours: Mapping[int, int]) -> str:
    """Return bars of `hours` (hours since the Unix epoch → events); of a long time each bar is several hours."""
    if not hours:
        return "<p>None.</p>"
    first, last = min(hours), max(hours)
    each = -(-(last - first + 1) // _MOST_BARS)
    bars = [0] * ((last - first) // each + 1)
    for hour, events in hours.items():
        bars[(hour - first) // each] += events
    return _svg(bars, first, each)


def _svg(bars: list[int], first: int, each: int) -> str:
    highest, step = max(bars), _WIDTH / len(bars)
    drawn = "".join(
        _bar(number * step, step, events / highest, f"{_clock(first + number * each)}: {events:,}")
        for number, events in enumerate(bars)
        if events
    )
    begin, end = (_clock(hour) for hour in (first, first + len(bars) * each))
    foot = _HEIGHT + _BELOW - 4
    label = f"Events by hour from {begin} to {end}; at most {highest:,} in {each} h"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + _BELOW}" role="img" aria-label="{label}">{drawn}'
        f'<text x="0" y="{foot}">{begin}</text>'
        f'<text x="{_WIDTH}" y="{foot}" text-anchor="end">{end}</text>'
        f'<text x="{_WIDTH}" y="10" text-anchor="end">highest: {highest:,}</text></svg>'
    )


def _bar(x: float, step: float, share: float, title: str) -> str:
    height = max(1.0, share * (_HEIGHT - 14))
    place = f'x="{x:.1f}" y="{_HEIGHT - height:.1f}" width="{max(0.5, step - 1):.1f}" height="{height:.1f}"'
    return f"<rect {place}><title>{title}</title></rect>"


def _clock(hour: int) -> str:
    return moment(hour * HOUR_NS)[:16] + "Z"
