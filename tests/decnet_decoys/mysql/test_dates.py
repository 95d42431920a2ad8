# SPDX-License-Identifier: MIT
"""Functions of dates and times, beside what MariaDB 10.11.19 answered, in its session's zone UTC."""

from __future__ import annotations

from time import thread_time

import pytest
from tests.decnet_decoys.mysql.test_mysql_parts import visitor

from decnet_decoys.mysql.catalogue import Failed, Found
from decnet_decoys.mysql.packets import Column
from decnet_decoys.mysql.sql.running import answer
from decnet_decoys.processor.turn import LONGEST_SECONDS

ANSWERS = {
    "DATE_FORMAT('2023-01-01','%U %u %V %v %X %x')": "01 00 01 52 2023 2022",
    "DATE_FORMAT('2021-01-03','%U %u %V %v %X %x')": "01 00 01 53 2021 2020",
    "DATE_FORMAT('2020-12-31','%U %u %V %v %X %x')": "52 53 52 53 2020 2020",
    "DATE_FORMAT('2000-00-00','%Y-%m-%d')": "2000-00-00",
    "DATE_FORMAT('0000-00-00','%Y-%m-%d')": "0000-00-00",
    "DATE_FORMAT('2024-02-30','%Y')": None,
    "DATE_FORMAT('10:11:12','%H:%i')": "00:00",
    "DATE_FORMAT(20240229,'%Y/%m/%d')": "2024/02/29",
    "DATE_FORMAT(240229,'%Y/%m/%d')": "2024/02/29",
    "DATE_FORMAT('24-2-9','%Y/%m/%d')": "2024/02/09",
    "DATE_FORMAT('2024.02.29 1+2+3','%Y/%m/%d %T')": "2024/02/29 01:02:03",
    "DATE_FORMAT('20240229131415','%Y/%m/%d %T')": "2024/02/29 13:14:15",
    "DATE_FORMAT(20240229131415,'%Y/%m/%d %T')": "2024/02/29 13:14:15",
    "DATE_FORMAT('2024-02-29abc','%Y')": "2024",
    "DATE_FORMAT('abc','%Y')": None,
    "DATE_FORMAT(NULL,'%Y')": None,
    "DATE_FORMAT('2024-02-29',NULL)": None,
    "DATE_FORMAT('2024-02-29','')": None,
    "DATE_FORMAT('2024-02-29 00:00:00','%h %I %l %k %p %r')": "12 12 12 0 AM 12:00:00 AM",
    "DATE_FORMAT('2024-02-29 12:00:00','%h %I %l %k %p %r')": "12 12 12 12 PM 12:00:00 PM",
    "DATE_ADD('2024-01-31', INTERVAL 1 MONTH)": "2024-02-29",
    "DATE_ADD('2024-02-29', INTERVAL 1 YEAR)": "2025-02-28",
    "DATE_ADD('2024-02-29', INTERVAL -1 YEAR)": "2023-02-28",
    "DATE_ADD('2024-02-29', INTERVAL 1 DAY)": "2024-03-01",
    "DATE_ADD('2024-02-29', INTERVAL 1 HOUR)": "2024-02-29 01:00:00",
    "DATE_ADD('2024-02-29 23:59:59', INTERVAL 1 SECOND)": "2024-03-01 00:00:00",
    "DATE_ADD('2024-02-29', INTERVAL 1 MICROSECOND)": "2024-02-29 00:00:00.000001",
    "DATE_ADD('2024-02-29', INTERVAL 1 WEEK)": "2024-03-07",
    "DATE_ADD('2024-02-29', INTERVAL 1 QUARTER)": "2024-05-29",
    "DATE_ADD('2024-02-29', INTERVAL '1:1' MINUTE_SECOND)": "2024-02-29 00:01:01",
    "DATE_ADD('2024-02-29', INTERVAL '1 2:3:4' DAY_SECOND)": "2024-03-01 02:03:04",
    "DATE_ADD('2024-02-29', INTERVAL '1-1' YEAR_MONTH)": "2025-03-29",
    "DATE_ADD('2024-02-29', INTERVAL '-1 10' DAY_HOUR)": "2024-02-27 14:00:00",
    "DATE_ADD('2024-02-29', INTERVAL '1.5' SECOND)": "2024-02-29 00:00:01.500000",
    "DATE_ADD('2024-02-29', INTERVAL 1.5 DAY)": "2024-03-02",
    "DATE_ADD('9999-12-31', INTERVAL 1 DAY)": None,
    "DATE_ADD('0000-01-01', INTERVAL -1 DAY)": None,
    "DATE_ADD('x', INTERVAL 1 DAY)": None,
    "DATE_ADD(NULL, INTERVAL 1 DAY)": None,
    "DATE_ADD('2024-02-29', INTERVAL NULL DAY)": None,
    "DATE_ADD('2024-02-29', INTERVAL 'abc' DAY)": "2024-02-29",
    "DATE_ADD(20240229, INTERVAL 1 DAY)": "2024-03-01",
    "DATE_SUB('2024-03-01', INTERVAL 1 DAY)": "2024-02-29",
    "DATE_SUB('2024-03-31', INTERVAL 1 MONTH)": "2024-02-29",
    "'2024-02-29' + INTERVAL 1 DAY": "2024-03-01",
    "'2024-02-29' - INTERVAL 1 DAY": "2024-02-28",
    "INTERVAL 1 DAY + '2024-02-29'": "2024-03-01",
    "ADDDATE('2024-02-29', 1)": "2024-03-01",
    "ADDDATE('2024-02-29', INTERVAL 1 DAY)": "2024-03-01",
    "SUBDATE('2024-02-29', 31)": "2024-01-29",
    "ADDTIME('2024-02-29 10:00:00','1:0:0')": "2024-02-29 11:00:00",
    "ADDTIME('10:00:00','1:0:0.5')": "11:00:00.500000",
    "SUBTIME('10:00:00','1:0:0')": "09:00:00",
    "SUBTIME('2024-02-29 10:00:00','1 1:0:0')": "2024-02-28 09:00:00",
    "LAST_DAY('2024-02-01')": "2024-02-29",
    "LAST_DAY('2023-02-01 10:00:00')": "2023-02-28",
    "LAST_DAY('9999-12-31')": "9999-12-31",
    "LAST_DAY('2024-00-00')": None,
    "LAST_DAY('x')": None,
    "LAST_DAY(20240115)": "2024-01-31",
    "TIMESTAMPDIFF(DAY,'2024-01-01','2024-02-29')": "59",
    "TIMESTAMPDIFF(MONTH,'2024-01-31','2024-02-29')": "0",
    "TIMESTAMPDIFF(YEAR,'2000-02-29','2024-02-28')": "23",
    "TIMESTAMPDIFF(SECOND,'2024-01-01','2024-01-02 00:00:01')": "86401",
    "TIMESTAMPDIFF(MICROSECOND,'2024-01-01','2024-01-02')": "86400000000",
    "TIMESTAMPDIFF(WEEK,'2024-01-01','2024-02-29')": "8",
    "TIMESTAMPDIFF(QUARTER,'2024-01-01','2024-12-29')": "3",
    "TIMESTAMPDIFF(HOUR,'2024-01-02','2024-01-01')": "-24",
    "TIMESTAMPDIFF(MINUTE,'2024-01-02','x')": None,
    "TIMESTAMPADD(MINUTE,1,'2024-01-02')": "2024-01-02 00:01:00",
    "TIMESTAMPADD(WEEK,1,'2024-01-02')": "2024-01-09",
    "DATEDIFF('2024-02-29 23:59:59','2024-02-28')": "1",
    "DATEDIFF('x','2024-02-28')": None,
    "TIMEDIFF('10:00:00','11:30:00')": "-01:30:00",
    "TIMEDIFF('2024-02-29 10:00:00','2024-02-28 10:00:01')": "23:59:59",
    "TIME('2024-02-29 10:11:12')": "10:11:12",
    "TIME('10:11')": "10:11:00",
    "TIME('-10:11:12.5')": "-10:11:12.5",
    "DATE('2024-02-29 10:11:12')": "2024-02-29",
    "DATE('x')": None,
    "YEAR('2024-02-29')": "2024",
    "YEAR('00-01-01')": "2000",
    "MONTH('2024-00-00')": "0",
    "DAY('2024-02-00')": "0",
    "DAYOFWEEK('2024-02-29')": "5",
    "DAYOFYEAR('2024-12-31')": "366",
    "WEEKDAY('2024-02-29')": "3",
    "WEEK('2024-02-29')": "8",
    "WEEK('2024-12-31',3)": "1",
    "WEEK('2023-01-01',0)": "1",
    "WEEKOFYEAR('2024-12-31')": "1",
    "YEARWEEK('2024-12-31')": "202452",
    "YEARWEEK('2023-01-01',1)": "202252",
    "QUARTER('2024-02-29')": "1",
    "HOUR('10:11:12')": "10",
    "HOUR('272:59:59')": "272",
    "MINUTE('10:11:12')": "11",
    "SECOND('10:11:12')": "12",
    "MICROSECOND('10:11:12.5')": "500000",
    "EXTRACT(YEAR FROM '2024-02-29')": "2024",
    "EXTRACT(YEAR_MONTH FROM '2024-02-29')": "202402",
    "EXTRACT(DAY_MINUTE FROM '2024-02-29 10:11:12')": "291011",
    "EXTRACT(MICROSECOND FROM '2024-02-29 10:11:12.5')": "500000",
    "DAYNAME('2024-02-29')": "Thursday",
    "MONTHNAME('2024-02-29')": "February",
    "MONTHNAME('2024-00-29')": None,
    "TO_DAYS('2024-02-29')": "739310",
    "TO_DAYS('0000-01-01')": "1",
    "TO_DAYS(950501)": "728779",
    "FROM_DAYS(739310)": "2024-02-29",
    "FROM_DAYS(1)": "0000-00-00",
    "TO_SECONDS('2024-02-29')": "63876384000",
    "SEC_TO_TIME(3661)": "01:01:01",
    "SEC_TO_TIME(-3661.5)": "-01:01:01.5",
    "SEC_TO_TIME(99999999)": "838:59:59",
    "TIME_TO_SEC('01:01:01')": "3661",
    "MAKEDATE(2024,60)": "2024-02-29",
    "MAKEDATE(2024,0)": None,
    "MAKETIME(10,11,12)": "10:11:12",
    "MAKETIME(10,61,12)": None,
    "STR_TO_DATE('29/02/2024','%d/%m/%Y')": "2024-02-29",
    "STR_TO_DATE('2024-02-29 10:11:12','%Y-%m-%d %H:%i:%s')": "2024-02-29 10:11:12",
    "STR_TO_DATE('x','%Y')": None,
    "STR_TO_DATE('10:11','%H:%i')": "10:11:00",
    "FROM_UNIXTIME(0)": "1970-01-01 00:00:00",
    "FROM_UNIXTIME(1700000000)": "2023-11-14 22:13:20",
    "FROM_UNIXTIME(1700000000.5)": "2023-11-14 22:13:20.5",
    "FROM_UNIXTIME(1700000000,'%Y')": "2023",
    "FROM_UNIXTIME(-1)": None,
    "FROM_UNIXTIME(4294967296)": None,
    "UNIX_TIMESTAMP('2024-02-29')": "1709164800",
    "UNIX_TIMESTAMP('2024-02-29 10:11:12.5')": "1709201472.5",
    "UNIX_TIMESTAMP('x')": None,
    "UNIX_TIMESTAMP('1969-01-01')": None,
    "PERIOD_ADD(202402,3)": "202405",
    "PERIOD_DIFF(202402,202312)": "2",
    "TIME_FORMAT('10:11:12','%H %i %s %p')": "10 11 12 AM",
    "TIME_FORMAT('100:11:12','%H %k %h %I %l')": "100 100 04 04 4",
    "GET_FORMAT(DATE,'USA')": "%m.%d.%Y",
    "TIMESTAMP('2024-02-29')": "2024-02-29 00:00:00",
    "TIMESTAMP('2024-02-29','10:11:12')": "2024-02-29 10:11:12",
    "CONVERT_TZ('2024-02-29 10:00:00','+00:00','+05:30')": "2024-02-29 15:30:00",
    "CONVERT_TZ('2024-02-29 10:00:00','UTC','Europe/Berlin')": None,
    "CAST('2024-02-29' AS DATE)": "2024-02-29",
    "CAST('2024-02-29 10:11:12' AS DATETIME)": "2024-02-29 10:11:12",
    "CAST('10:11:12' AS TIME)": "10:11:12",
    "DATE '2024-02-29'": "2024-02-29",
    "TIMESTAMP '2024-02-29 10:11:12'": "2024-02-29 10:11:12",
    "TIME '10:11:12'": "10:11:12",
    "DATE_FORMAT('2024-02-29 10:00:00', REPEAT('%M',5))": "FebruaryFebruaryFebruaryFebruaryFebruary",
    "'2024-02-29' < DATE('2024-03-01')": "1",
    "DATE('2024-02-29') = '2024-2-29'": "1",
    "DATE('2024-02-29') + 0": "20240229",
    "EXTRACT(DAY_HOUR FROM '2024-02-29 10:11:12')": "2910",
    "EXTRACT(DAY_SECOND FROM '2024-02-29 10:11:12')": "29101112",
    "EXTRACT(HOUR_MINUTE FROM '2024-02-29 10:11:12')": "1011",
    "EXTRACT(HOUR_SECOND FROM '10:11:12')": "101112",
    "EXTRACT(MINUTE_SECOND FROM '10:11:12')": "1112",
    "EXTRACT(DAY_MICROSECOND FROM '2024-02-29 10:11:12.5')": "29101112500000",
    "EXTRACT(HOUR_MICROSECOND FROM '2024-02-29 10:11:12.5')": "101112500000",
    "EXTRACT(MINUTE_MICROSECOND FROM '2024-02-29 10:11:12.5')": "1112500000",
    "EXTRACT(SECOND_MICROSECOND FROM '2024-02-29 10:11:12.5')": "12500000",
    "EXTRACT(QUARTER FROM '2024-02-29')": "1",
    "EXTRACT(WEEK FROM '2024-02-29')": "8",
    "EXTRACT(MONTH FROM '2024-02-29')": "2",
    "EXTRACT(DAY FROM '2024-02-29')": "29",
    "EXTRACT(HOUR FROM '-10:11:12')": "-10",
    "EXTRACT(MINUTE FROM '10:11:12')": "11",
    "EXTRACT(SECOND FROM '2024-02-29 10:11:12')": "12",
    "DATE_ADD(DATE('2024-02-29'), INTERVAL 1 DAY)": "2024-03-01",
    "DATE_ADD(DATE('2024-02-29'), INTERVAL 1 HOUR)": "2024-02-29 01:00:00",
    "DATE_ADD(TIME('10:00:00'), INTERVAL 1 HOUR)": "11:00:00",
    "CONCAT(DATE('2024-02-29'), 'x')": "2024-02-29x",
    "DATE('2024-02-29') IN ('2024-02-29')": "1",
    "UNIX_TIMESTAMP(20240229)": "1709164800",
    "UNIX_TIMESTAMP('2038-01-19 03:14:07')": "2147483647",
    "UNIX_TIMESTAMP('2038-01-19 03:14:08')": None,
    "HOUR('2024-02-29')": "0",
    "HOUR(20240229101112)": "10",
    "TIME('2024-02-29')": "00:20:24",
    "TIME(101112)": "10:11:12",
    "TIME('1 10:11:12')": "34:11:12",
    "TIME('25:61:00')": None,
    "TIME('x')": None,
    "YEAR('x')": None,
    "YEAR(0)": "0",
    "YEAR('2024')": None,
    "YEAR(2024)": None,
    "MONTH('2024-13-01')": None,
    "DAYNAME('2024-00-01')": None,
    "LAST_DAY('2024-02-30')": None,
    "STR_TO_DATE('Feb 29, 2024','%b %d, %Y')": "2024-02-29",
    "STR_TO_DATE('29 February 2024 1:02 PM','%d %M %Y %l:%i %p')": "2024-02-29 13:02:00",
    "STR_TO_DATE('2024-02-30','%Y-%m-%d')": "2024-02-30",
    "STR_TO_DATE('20240229','%Y%m%d')": "2024-02-29",
    "STR_TO_DATE('2024-02','%Y-%m')": "2024-02-00",
    "STR_TO_DATE('abc','abc')": "0000-00-00",
    "MAKEDATE(24,60)": "2024-02-29",
    "MAKETIME(-1,2,3)": "-01:02:03",
    "MAKETIME(900,2,3)": "838:59:59",
    "MAKETIME(1,2,3.5)": "01:02:03.5",
    "TIME_TO_SEC('-1:00:00')": "-3600",
    "PERIOD_ADD(2402,-3)": "202311",
    "PERIOD_DIFF(9912,200001)": "-1",
    "ADDTIME('x','1:0:0')": None,
    "TIMEDIFF('2024-02-29','10:00:00')": "-09:39:36",
    "FROM_UNIXTIME('1700000000')": "2023-11-14 22:13:20",
    "FROM_UNIXTIME('x')": "1970-01-01 00:00:00",
    "FROM_UNIXTIME(NULL)": None,
    "CAST('x' AS DATE)": None,
    "CAST(20240229 AS DATE)": "2024-02-29",
    "CAST('2024-02-29 10:11:12.678' AS DATETIME)": "2024-02-29 10:11:12",
    "CAST('2024-02-29 10:11:12.678' AS DATETIME(3))": "2024-02-29 10:11:12.678",
    "CONVERT('2024-02-29', DATE)": "2024-02-29",
    "DATE_ADD('2024-02-29', INTERVAL 1+1 DAY)": "2024-03-02",
    "DATE_ADD('2024-02-29', INTERVAL '1' DAY)": "2024-03-01",
    "DATE_ADD('2024-02-29', INTERVAL (1) DAY)": "2024-03-01",
    "YEARWEEK('2000-01-01')": "199952",
    "WEEK('2008-02-20',1)": "8",
    "WEEK('2000-01-01',2)": "52",
    "WEEK('2000-01-01',4)": "0",
    "WEEK('2000-01-01',5)": "0",
    "WEEK('2000-01-01',6)": "52",
    "WEEK('2000-01-01',7)": "52",
    "FROM_DAYS(730669)": "2000-07-03",
    "FROM_DAYS(3652424)": "9999-12-31",
    "FROM_DAYS(-1)": "0000-00-00",
    "TO_DAYS('9999-12-31')": "3652424",
}
COLUMNS = {
    "LAST_DAY('2024-02-01')": (10, 10, 0x80, 0),
    "TIMEDIFF('10:00:00','11:30:00')": (11, 10, 0x80, 0),
    "SEC_TO_TIME(-3661.5)": (11, 12, 0x80, 1),
    "NOW()": (12, 19, 0x81, 0),
    "FROM_UNIXTIME(1700000000.5)": (12, 21, 0x80, 1),
    "DATE_ADD('2024-01-31', INTERVAL 1 MONTH)": (254, 76, 0, 0),
    "DATE_ADD(DATE('2024-01-31'), INTERVAL 1 HOUR)": (12, 19, 0x80, 0),
    "DATE_FORMAT('2024-02-29 00:00:00','%h %I %l %k %p %r')": (253, 124, 0, 0),
    "TIMESTAMPDIFF(DAY,'2024-01-01','2024-02-29')": (8, 21, 0x80, 0),
    "DAYNAME('2024-02-29')": (253, 36, 0, 0),
    "EXTRACT(DAY_MINUTE FROM '2024-02-29 10:11:12')": (8, 12, 0x80, 0),
}
"""Type, length, flags and decimals of a column."""


def _asked(expression: str) -> tuple[Column, str | bytes | None]:
    outcome, _ = answer(visitor(), f"select {expression}")
    assert isinstance(outcome, Found), (expression, outcome)
    return outcome.columns[0], outcome.rows[0][0]


@pytest.mark.usefixtures("unhurried")
def test_dates_and_times_are_those_of_the_server() -> None:
    assert {expression: _asked(expression)[1] for expression in ANSWERS} == ANSWERS


@pytest.mark.usefixtures("unhurried")
def test_columns_are_described_by_the_function() -> None:
    found = {expression: _asked(expression)[0] for expression in COLUMNS}
    assert {name: (one.kind, one.size, one.flags, one.decimals) for name, one in found.items()} == COLUMNS


@pytest.mark.usefixtures("unhurried")
def test_words_for_this_moment_need_no_brackets() -> None:
    for expression in ("CURRENT_TIMESTAMP = NOW()", "CURRENT_DATE = CURDATE()", "NOW() > NOW() - INTERVAL 1 DAY"):
        assert _asked(expression)[1] == "1"


def test_interval_without_a_unit_or_a_date_is_a_syntax_error() -> None:
    for expression in ("DATE_ADD('2024-02-29', 1)", "DATE_ADD('2024-02-29', INTERVAL 1 FOO)", "INTERVAL 1 DAY"):
        outcome, _ = answer(visitor(), f"select {expression}")
        assert isinstance(outcome, Failed)
        assert outcome.code == 1064


def test_long_format_is_filled_within_a_turn() -> None:
    best = 1.0
    for _ in range(3):
        began = thread_time()
        shown = _asked("DATE_FORMAT('2024-02-29', '" + "%M" * 9000 + "%W')")[1]
        best = min(best, thread_time() - began)
    assert shown == "February" * 9000 + "Thursday"
    assert best < LONGEST_SECONDS
