# SPDX-License-Identifier: MIT
"""Times as a person writes them."""

import datetime as dt
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.cli.errors import WrongUsageError
from decnet.cli.time_window import _HostZone, time_ahead, time_window
from decnet_models.database.window import ALWAYS_UNTIL, Window

ZONE = dt.timezone(dt.timedelta(hours=2))
NOW = dt.datetime(2026, 11, 29, 9, 30, tzinfo=ZONE)


def ns(*parts: int, zone: dt.tzinfo = ZONE) -> int:
    return int(dt.datetime(*parts, tzinfo=zone).timestamp()) * 1_000_000_000  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", ns(2026, 11, 29, 9, 0)),
        ("1h ago", ns(2026, 11, 29, 8, 30)),
        ("7D", ns(2026, 11, 22, 9, 30)),
        ("today", ns(2026, 11, 29)),
        ("yesterday", ns(2026, 11, 28)),
        ("Yesterday  22:00", ns(2026, 11, 28, 22, 0)),
        ("09:29:59", ns(2026, 11, 29, 9, 29, 59)),
        ("22:00", ns(2026, 11, 28, 22, 0)),
        ("2026-11-28T22:00:00Z", ns(2026, 11, 28, 22, 0, zone=dt.UTC)),
        ("2026-11-28t22:00:00.123456789z", ns(2026, 11, 28, 22, 0, zone=dt.UTC) + 123_456_789),
        ("2026-11-28 22:00+05:30", ns(2026, 11, 28, 16, 30, zone=dt.UTC)),
    ],
)
def test_a_time_is_understood(text: str, expected: int) -> None:
    assert time_window(text, None, now=NOW) == Window(expected, ALWAYS_UNTIL)


def test_a_date_begins_at_local_midnight() -> None:
    local = dt.datetime(2026, 11, 28).astimezone()
    assert time_window("2026-11-28", None, now=NOW).since == int(local.timestamp()) * 1_000_000_000


def test_without_times_everything_is_selected() -> None:
    assert not time_window(None, None, now=NOW).bounded


@pytest.mark.parametrize(
    "text", ["", "soon", "1", "-1h", "25:00", "2026-13-01", "99999999h", "900000w", "1969-12-31T00:00Z"]
)
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(WrongUsageError, match="yesterday 22:00"):
        time_window(text, None, now=NOW)


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(WrongUsageError, match="--since 1h is not before --until 2h"):
        time_window("1h", "2h", now=NOW)


def test_a_refusal_calls_the_times_as_they_were_called() -> None:
    with pytest.raises(WrongUsageError, match=r"^until 'soon' is not a time"):
        time_window("1h", "soon", now=NOW, names=("since", "until"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8H", ns(2026, 11, 29, 17, 30)),
        ("2026-12-01", None),
        ("22:00", ns(2026, 11, 29, 22, 0)),
        ("07:00", ns(2026, 11, 30, 7, 0)),
    ],
)
def test_a_span_ahead_is_from_now(text: str, expected: int | None) -> None:
    assert time_ahead("--for", text, now=NOW) == (expected or time_window(text, None, now=NOW).since)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1h ago", "--for '1h ago' is over"),
        ("today 09:29", "--for 'today 09:29' is over"),
        ("soon", "--for 'soon' is not a time"),
        ("99999w", "--for '99999w' is not a time"),
        ("900000w", "--for '900000w' is not a time"),
    ],
)
def test_what_is_no_time_ahead_is_refused(text: str, words: str) -> None:
    with pytest.raises(WrongUsageError, match=words):
        time_ahead("--for", text, now=NOW)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Set this process's time zone."""

    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield choose
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yesterday 22:00", ns(2026, 3, 28, 21, 0, zone=dt.UTC)),
        ("yesterday", ns(2026, 3, 27, 23, 0, zone=dt.UTC)),
        ("01:00", ns(2026, 3, 29, 0, 0, zone=dt.UTC)),
        ("12h", ns(2026, 3, 28, 20, 0, zone=dt.UTC)),
    ],
)
def test_a_time_before_the_clocks_were_changed_has_the_offset_of_then(
    zone: Callable[[str], None], text: str, expected: int
) -> None:
    zone("CET-1CEST,M3.5.0,M10.5.0/3")
    now = dt.datetime(2026, 3, 29, 10, 0, tzinfo=_HostZone())
    assert time_window(text, None, now=now).since == expected


@pytest.mark.parametrize(
    ("again", "text", "last", "following"),
    [
        (False, "02:30", (25, 0, 30), (25, 1, 30)),
        (False, "02:50", (24, 0, 50), (25, 0, 50)),
        (True, "02:30", (25, 1, 30), (26, 1, 30)),
        (True, "02:50", (25, 0, 50), (25, 1, 50)),
        (True, "02:45", (25, 1, 45), (26, 1, 45)),
    ],
)
def test_an_hour_that_clocks_show_twice_is_found_both_times(
    zone: Callable[[str], None], again: bool, text: str, last: tuple[int, ...], following: tuple[int, ...]
) -> None:
    zone("CET-1CEST,M3.5.0,M10.5.0/3")
    now = dt.datetime(2026, 10, 25, 2, 45, fold=again, tzinfo=_HostZone())
    assert time_window(text, None, now=now).since == ns(2026, 10, *last, zone=dt.UTC)
    assert time_ahead("--for", text, now=now) == ns(2026, 10, *following, zone=dt.UTC)


def test_a_zone_that_no_offset_can_express_is_refused(zone: Callable[[str], None]) -> None:
    zone("<-99>24")
    with pytest.raises(WrongUsageError, match="TZ=<-99>24 is a day or more from UTC"):
        time_window("1h", None)


@given(st.text(max_size=40))
def test_whatever_is_written_is_a_time_or_refused(text: str) -> None:
    try:
        window = time_window(text, None, now=NOW)
    except WrongUsageError:
        return
    assert 0 <= window.since < ALWAYS_UNTIL


@given(st.integers(0, ALWAYS_UNTIL // 2))
def test_every_rfc3339_time_is_exact(moment: int) -> None:
    seconds, fraction = divmod(moment, 1_000_000_000)
    text = f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"
    assert time_window(text, None, now=NOW).since == moment
