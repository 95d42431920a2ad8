# SPDX-License-Identifier: MIT
"""When what was shown is shown again."""

import pytest

from decnet.history.playback import Output, RecordingError, header_of, outputs, play
from decnet.show.terminal_output import RESET


def test_pauses_are_kept_shortened_and_divided_by_the_speed() -> None:
    waited: list[float] = []
    written: list[str] = []
    shown = [Output(0.0, "a"), Output(1.0, "b"), Output(600.0, "c")]
    play(shown, written.append, speed=2.0, longest_pause=3.0, wait=waited.append)
    assert waited == [0.5, 1.5]
    assert "".join(written) == "abc"


def test_colours_and_the_like_end_with_the_recording() -> None:
    written: list[str] = []
    play([Output(0.0, "a\x1b["), Output(0.0, "31mb")], written.append, speed=None, longest_pause=3.0)
    assert "".join(written) == f"a\x1b[31mb{RESET}"


def test_without_a_speed_nothing_waits() -> None:
    waited: list[float] = []
    play([Output(5.0, "a")], lambda _: None, speed=None, longest_pause=3.0, wait=waited.append)
    assert waited == []


def test_times_that_jump_back_and_damaged_lines_are_passed_over() -> None:
    lines = [b'[1.5,"o","a"]', b'[1.0,"o","b"]', b"{", b'[1.2,"o","\xff"]', b'[2.0,"i","typed"]', b'[1e300,"o","c"]']
    assert list(outputs(lines)) == [Output(1.5, "a"), Output(0.0, "b"), Output(3600.0, "c")]


@pytest.mark.parametrize("first", [b"", b"{", b'{"version":2,"width":80,"height":24}\xff', b"\xff\xfe{", b"[]"])
def test_a_file_whose_first_line_is_damaged_is_no_recording(first: bytes) -> None:
    with pytest.raises(RecordingError, match="not an asciicast recording"):
        header_of(iter([first]))
