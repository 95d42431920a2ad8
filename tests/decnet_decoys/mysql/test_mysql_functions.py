# SPDX-License-Identifier: MIT
"""Functions of dates, text and numbers: what MariaDB 10.11 makes of the same arguments, and of whatever else comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.mysql.test_mysql_parts import visitor

from decnet_decoys.mysql.catalogue import Failed, Found
from decnet_decoys.mysql.functions import dates, numbers, times, words
from decnet_decoys.mysql.functions.intervals import UNITS
from decnet_decoys.mysql.sql import budget
from decnet_decoys.mysql.sql.budget import OverspentError
from decnet_decoys.mysql.sql.functions import FUNCTIONS, made_by
from decnet_decoys.mysql.sql.running import answer

NEW = sorted({**dates.FUNCTIONS, **times.FUNCTIONS, **numbers.FUNCTIONS, **words.FUNCTIONS})


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("date_format('2024-03-05 06:07:08', '%Y/%m/%d %H-%i-%s')", "2024/03/05 06-07-08"),
        ("date_format('2024-03-05 16:07:08', '%W %D %M %l%p %j %%x')", "Tuesday 5th March 4PM 065 %x"),
        ("datediff('2024-03-01', '2024-02-01')", "29"),
        ("year('2024-05-06')", "2024"),
        ("month('2024-05-06 01:02:03')", "5"),
        ("day('2024-02-30')", None),
        ("quarter('2024-05-06')", "2"),
        ("dayofweek('2024-03-05')", "3"),
        ("weekday('2024-03-05')", "1"),
        ("dayname('2024-03-05')", "Tuesday"),
        ("last_day('2024-02-03')", "2024-02-29"),
        ("last_day('9999-12-03')", "9999-12-31"),
        ("to_days('2007-10-07')", "733321"),
        ("from_unixtime(0)", "1970-01-01 00:00:00"),
        ("from_unixtime(-1)", None),
        ("from_unixtime(1447430881, '%Y %d')", "2015 13"),
        ("substring_index('a.b.c', '.', 2)", "a.b"),
        ("substring_index('a.b.c', '.', -2)", "b.c"),
        ("insert('abcd', 2, 2, 'XX')", "aXXd"),
        ("insert('abcd', 9, 2, 'XX')", "abcd"),
        ("insert('abcd', 3, 100, 'XX')", "abXX"),
        ("field('b', 'a', 'B')", "2"),
        ("find_in_set('b', 'a,b')", "2"),
        ("find_in_set('c', 'a,b')", "0"),
        ("inet_aton('1.2.3.4')", "16909060"),
        ("inet_aton('1.2.3.x')", None),
        ("inet_ntoa(16909060)", "1.2.3.4"),
        ("mod(7, 3)", "1"),
        ("mod(-7, 3)", "-1"),
        ("mod(7, 0)", None),
        ("truncate(2567, -2)", "2500"),
        ("format(1234567.891, 2)", "1,234,567.89"),
        ("conv('ff', 16, 10)", "255"),
        ("conv('-1', 10, 16)", "FFFFFFFFFFFFFFFF"),
        ("conv('x', 99, 10)", None),
        ("oct(8)", "10"),
    ],
)
def test_function_makes_what_the_server_makes(sql: str, shown: str | None) -> None:
    outcome, _ = answer(visitor(), f"select {sql}")
    assert isinstance(outcome, Found), outcome
    assert outcome.rows == [(shown,)]


_VALUES = st.one_of(
    st.text(max_size=12), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.decimals(-9, 9),
    st.binary(max_size=6), st.sampled_from(["2024-02-29", "0000-00-00", "9999-12-31 23:59:59", "%Y%%", "1.2.3.4"]),
)  # fmt: skip


@pytest.mark.usefixtures("unhurried")
@given(st.sampled_from(NEW), st.lists(_VALUES, min_size=4, max_size=4), st.sampled_from(sorted(UNITS)))
def test_function_of_any_values_is_a_value(name: str, values: list[object], unit: str) -> None:
    budget.begin()
    if name in ("extract", "timestampdiff"):  # whose first argument is a word that the parser knows
        values[0] = unit
    made = made_by(name, values[: max(FUNCTIONS[name].least, 1)])  # type: ignore[arg-type]
    assert made is None or isinstance(made, int | float | str | bytes) or made == made + 0


def test_long_format_is_bounded_by_the_statement_s_steps() -> None:
    budget.begin()
    with pytest.raises(OverspentError):
        made_by("date_format", ["2024-02-29", "%Y" * 100_000])


def test_wrong_number_of_arguments_is_refused() -> None:
    outcome, _ = answer(visitor(), "select datediff('2024-01-01')")
    assert isinstance(outcome, Failed)
    assert outcome.code == 1582
