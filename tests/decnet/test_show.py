# SPDX-License-Identifier: MIT
"""What is shown is readable, and nothing an attacker sends reaches the terminal as it was sent."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.show.columns import columns
from decnet.show.eventline import line, summary
from decnet.show.times import clock, duration, moment, size
from decnet_core.events.catalogue import PAYLOADS, LoginAttempt, Payload
from decnet_core.events.envelope import Event
from decnet_core.timing.timestamps import rfc3339

HOSTILE = "\x1b]0;owned\x07\r\n\x00\u202e\x9b31m{x!r}[bold]"


def filled(kind: type[Payload], text: str) -> Payload:
    """A payload of `kind` with `text` wherever a text may be."""
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.type == dict[str, str]:
            values[field.name] = {"ARGS": text}
        elif field.type is str or str in getattr(field.type, "__args__", ()):
            values[field.name] = text
        elif field.required:
            values[field.name] = {int: 1, bool: True}[field.type]
    return kind(**values)


@pytest.mark.parametrize("kind", PAYLOADS)
def test_every_kind_has_a_summary_that_is_one_printable_line(kind: type[Payload]) -> None:
    text = summary(filled(kind, HOSTILE))
    assert text
    assert text.isprintable()


@given(st.sampled_from(PAYLOADS), st.text(max_size=600))
def test_summary_is_printable_and_bounded_whatever_was_sent(kind: type[Payload], text: str) -> None:
    shown = summary(filled(kind, text))
    assert shown.isprintable()
    assert len(shown) < 2200  # 200 characters, each at most \UNNNNNNNN


@given(st.text(max_size=300), st.integers(0, 2**63 - 1))
def test_event_line_is_printable(text: str, ts: int) -> None:
    payload = LoginAttempt(service=text, username=text, success=False, password=text)
    event = Event(id=uuid.UUID(int=1), ts=ts, sensor="s", payload=payload, decky=text[:255], src_ip=text[:45])
    assert line(event).isprintable()


class DocumentPrinted(Payload, frozen=True, tag="printer.printed"):
    """Declared as every kind is, and in no list."""

    title: str

    def summary(self) -> str:
        return f"printed {self.title}"


class PrinterFound(Payload, frozen=True, tag="printer.found"):
    """Declares nothing but its fields."""

    model: str
    pages: int = 0


@pytest.mark.parametrize(
    ("payload", "kind", "shown"),
    [
        (DocumentPrinted("a\x1b[2J"), "printer.printed", r"printed a\x1b[2J"),
        (PrinterFound("LaserJet\r"), "printer.found", r"model=LaserJet\x0d pages=0"),
    ],
)
def test_a_new_kind_is_shown_by_what_its_class_says(payload: Payload, kind: str, shown: str) -> None:
    text = line(Event(id=uuid.UUID(int=1), ts=1, sensor="s", payload=payload))
    assert kind in text
    assert text.endswith(shown)


@given(st.lists(st.tuples(st.text(max_size=40), st.none() | st.integers()), max_size=5))
def test_columns_have_one_line_per_row(rows: list[tuple[str, int | None]]) -> None:
    shown = columns(("a", "b"), rows).split("\n")
    assert len(shown) == len(rows) + 1
    assert all(one.isprintable() for one in shown)


def test_times_are_utc() -> None:
    assert moment(1_795_478_453_613_661_097) == "2026-11-24 00:00:53Z"
    assert clock(1_795_478_453_613_661_097) == "00:00:53"
    assert rfc3339(1_795_478_453_013_661_097) == "2026-11-24T00:00:53.013661097Z"


@given(st.integers(0, 2**63 - 1))
def test_any_time_can_be_shown(ts: int) -> None:
    assert moment(ts)
    assert rfc3339(ts).endswith("Z")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0s"), (59.9, "59.9s"), (245, "4m05s"), (11220, "3h07m"), (187200, "2d04h")]
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (1 << 50, "1048576.0 GiB")]
)
def test_sizes_are_binary(count: int, text: str) -> None:
    assert size(count) == text
