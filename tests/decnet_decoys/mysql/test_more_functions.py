# SPDX-License-Identifier: MIT
"""Functions of JSON, patterns, numbers, addresses and keys, beside what MariaDB 10.11.19 answered."""

from __future__ import annotations

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.mysql.test_mysql_parts import visitor

from decnet_decoys.mysql.catalogue import Failed, Found
from decnet_decoys.mysql.functions import json_values, patterns
from decnet_decoys.mysql.sql import budget
from decnet_decoys.mysql.sql.budget import OverspentError
from decnet_decoys.mysql.sql.functions import FUNCTIONS, made_by
from decnet_decoys.mysql.sql.running import answer
from decnet_decoys.processor.turn import LONGEST_SECONDS

ANSWERS = {
    "json_extract('{\"a\": [1,2,{\"b\":3}]}', '$.a')": '[1, 2, {"b": 3}]',
    "json_extract('{\"a\": [1,2,{\"b\":3}]}', '$.a[0]', '$.a[1]')": "[1, 2]",
    "json_extract('{\"a\": \"x\"}', '$.a')": '"x"',
    "json_extract('{\"a\": \"x\"}', '$.b')": None,
    "json_extract('x', '$.b')": None,
    'json_extract(\'{"a":{"b":{"c":true}}}\', \'$.a.b.c\')': "true",
    "json_extract('[1,2,3]', '$[*]')": "[1, 2, 3]",
    "json_extract('{\"a\":1,\"b\":2}', '$.*')": "[1, 2]",
    "json_extract('[1,[2,3]]', '$**')": None,
    "json_extract('{\"a\":1}', 'a')": None,
    "json_value('{\"a\":\"x\"}','$.a')": "x",
    "json_value('{\"a\":[1]}','$.a')": None,
    "json_query('{\"a\":[1]}','$.a')": "[1]",
    "json_object()": "{}",
    "json_array()": "[]",
    "json_array(1,'a\"b',null,1.5)": '[1, "a\\"b", null, 1.5]',
    "json_quote('a\"b')": '"a\\"b"',
    "json_unquote('\"abc\"')": "abc",
    "json_unquote('abc')": "abc",
    "json_valid('{}')": "1",
    "json_valid('{\"a\":}')": "0",
    "json_valid(null)": None,
    'json_keys(\'{"a":1,"b":{"c":2}}\',\'$.b\')': '["c"]',
    "json_keys('[1]')": None,
    'json_length(\'{"a":1,"b":2}\')': "2",
    "json_length('1')": "1",
    "json_length('{\"a\":[1,2]}','$.a')": "2",
    "json_type('[]')": "ARRAY",
    "json_type('1')": "INTEGER",
    "json_type('1.5')": "DOUBLE",
    "json_type('\"a\"')": "STRING",
    "json_type('true')": "BOOLEAN",
    "json_type('null')": "NULL",
    "json_depth('[1,[2]]')": "3",
    "json_contains('{\"a\":1}','1','$.a')": "1",
    "json_contains('[1,2,3]','[1,3]')": "1",
    'json_contains(\'{"a":1,"b":2}\',\'{"a":1}\')': "1",
    "json_contains_path('{\"a\":1}','one','$.a','$.b')": "1",
    "json_contains_path('{\"a\":1}','all','$.a','$.b')": "0",
    "json_set('{\"a\":1}','$.a',2,'$.b','x')": '{"a": 2, "b": "x"}',
    "json_insert('{\"a\":1}','$.a',2,'$.b',3)": '{"a": 1, "b": 3}',
    "json_replace('{\"a\":1}','$.a','y')": '{"a": "y"}',
    "json_remove('{\"a\":1,\"b\":[1,2]}','$.b[0]')": '{"a": 1, "b": [2]}',
    "json_array_append('[1]','$',2)": "[1, 2]",
    "json_merge_patch('{\"a\":1}','{\"b\":2}')": '{"a": 1, "b": 2}',
    "json_merge_preserve('{\"a\":1}','{\"a\":2}')": '{"a": [1, 2]}',
    "json_compact('{\"a\" : 1}')": '{"a":1}',
    'json_loose(\'{"a":1,"b":[1,2]}\')': '{"a": 1, "b": [1, 2]}',
    "json_detailed('{\"a\":1}')": '{\n    "a": 1\n}',
    "json_search('{\"a\":\"b\"}','one','b')": '"$.a"',
    "json_exists('{\"a\":1}','$.a')": "1",
    "'abc' regexp 'B'": "1",
    "'abc' regexp binary 'B'": "0",
    "'ab\\nc' regexp 'b.c'": "0",
    "'a.c' regexp 'a\\\\.c'": "1",
    "'foo bar' regexp '[[:<:]]bar[[:>:]]'": "1",
    "'abc' regexp '[[:alpha:]]+'": "1",
    "'12' regexp '^\\\\d+$'": "1",
    "'a' regexp ''": "1",
    "null regexp 'a'": None,
    "'a' regexp 'a{2'": "0",
    "regexp_replace('aBc','b','[\\\\0]')": "a[B]c",
    "regexp_replace('abc','(b)(c)','\\\\2\\\\1')": "acb",
    "regexp_substr('foo123bar','[0-9]+')": "123",
    "regexp_substr('abc','x')": "",
    "regexp_instr('abc','c')": "3",
    "pow(2,10)": "1024",
    "power(2,0.5)": "1.4142135623730951",
    "log(10)": "2.302585092994046",
    "log(2,8)": "3",
    "log10(100)": "2",
    "log2(8)": "3",
    "sin(1)": "0.8414709848078965",
    "cos(1)": "0.5403023058681398",
    "tan(1)": "1.5574077246549023",
    "asin(1)": "1.5707963267948966",
    "acos(1)": "0",
    "atan(1)": "0.7853981633974483",
    "atan(1,2)": "0.4636476090008061",
    "atan2(1,2)": "0.4636476090008061",
    "cot(1)": "0.6420926159343306",
    "degrees(1)": "57.29577951308232",
    "radians(180)": "3.141592653589793",
    "log(0)": None,
    "inet6_ntoa(inet6_aton('::ffff:1.2.3.4'))": "::ffff:1.2.3.4",
    "hex(inet6_aton('1.2.3.4'))": "01020304",
    "is_ipv4('1.2.3.4')": "1",
    "is_ipv6('::1')": "1",
    "hex(compress('aaaa'))": "04000000789C4B4C4C4C040003CE0185",
    "uncompress(compress('aaaa'))": "aaaa",
    "uncompressed_length(compress('aaaa'))": "4",
    "soundex('Robert')": "R163",
    "soundex('')": "",
    "make_set(5,'a','b','c')": "a,c",
    "export_set(5,'Y','N',',',4)": "Y,N,Y,N",
    "name_const('a',1)": "1",
    "hex(aes_encrypt('a','k'))": "53E61674DBCC997DD27BD802A2EB9F22",
    "aes_decrypt(unhex('53E61674DBCC997DD27BD802A2EB9F22'),'k')": "a",
    "aes_decrypt('a','k')": None,
    "to_base64('abc')": "YWJj",
    "lcase('A')": "a",
    "char_length('é')": "1",
    "trim(both 'x' from 'xxaxx')": "a",
    "trim(leading '0' from '007')": "7",
    "trim(trailing 'x' from 'axx')": "a",
    "trim('x' from 'xax')": "a",
    "position('c' in 'abc')": "3",
    "char(65 using utf8)": "A",
    "cast('1.5' as decimal(5,2))": "1.50",
    "cast(2.567 as decimal(4,1))": "2.6",
    "cast('abc' as char(2))": "ab",
    "cast(1 as char)": "1",
    "group_concat('a' separator ';')": "a",
    "interval(23,1,15,17,30)": "3",
    "0b11": "",
    "strcmp('a','B')": "-1",
    "substr('abc' from 2 for 1)": "b",
    "right('abc',2)": "bc",
    "nvl(null,1)": "1",
    "nvl2(1,2,3)": "2",
    "chr(65)": "A",
    "bit_count(7)": "3",
}
_NAMES = sorted({**json_values.FUNCTIONS, **patterns.FUNCTIONS})
_WORDS = st.text('[]{}":,0123ab\\\\$.*?+()|^-', max_size=24) | st.sampled_from(
    ['{"a": [1, {"b": null}]}', "$.a[1].b", "$**", "$[*]", "one", "all", "(a|b)*c", "[[:alpha:]]+", "\\\\1"]
)
ATTACKS = {
    "a deep list": f"json_depth('{'[' * 30000}')",
    "a wide list": f"json_extract('[{','.join('1' * 30000)}]', '$[*]')",
    "a wide list looked through": f"json_contains('[{','.join('1' * 20000)}]', '[{','.join('2' * 10000)}]')",
    "a long number": f"json_valid('{'9' * 60000}')",
    "a pattern of many states": f"repeat('ab', 2000) regexp '{'(a?b?){50}' * 8}x'",
    "a pattern of many ways": "repeat('a', 4000) regexp '(a|aa|aaa)*(a|aa)*(aaa|a)*b'",
    "many places": "regexp_replace(repeat('a', 100000), '', 'bb')",
    "much to find": "regexp_replace(repeat('ab', 100000), 'a|b', repeat('x', 60000))",
    "a bomb": "length(uncompress(compress(repeat('a', 200000))))",
    "long text trimmed": "trim(both 'a' from repeat('a', 250000))",
}


@pytest.mark.usefixtures("unhurried")
def test_functions_make_what_the_server_makes() -> None:
    found = {}
    for expression in ANSWERS:
        outcome, _ = answer(visitor(), f"select {expression}")
        assert isinstance(outcome, Found), (expression, outcome)
        made = outcome.rows[0][0]
        found[expression] = made.decode() if isinstance(made, bytes) else made
    assert found == ANSWERS


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("(", "missing closing parenthesis at offset 1"),
        ("[", "missing terminating ] for character class at offset 1"),
        ("*", "quantifier does not follow a repeatable item at offset 0"),
        (")", "unmatched closing parenthesis at offset 0"),
    ],
)
def test_pattern_that_is_none_is_refused(pattern: str, told: str) -> None:
    outcome, _ = answer(visitor(), f"select 'a' regexp '{pattern}'")
    assert outcome == Failed(1139, "42000", f"Regex error '{told}'")


@given(st.sampled_from(_NAMES), st.lists(_WORDS | st.none() | st.integers(), min_size=4, max_size=4))
def test_any_json_and_pattern_is_answered(name: str, values: list[str | int | None]) -> None:
    budget.begin()
    function = FUNCTIONS[name]
    if function.strict and None in values:
        return
    try:
        made = made_by(name, values[: max(function.least, 1)])
    except (patterns.WrongPatternError, OverspentError):
        return
    assert made is None or isinstance(made, int | str)


@pytest.mark.parametrize("name", ATTACKS)
def test_function_keeps_nobody_waiting(name: str) -> None:
    one, best = visitor(), 1.0
    for _ in range(3):
        began = thread_time()
        answer(one, f"select {ATTACKS[name]}")
        best = min(best, thread_time() - began)
    assert best < LONGEST_SECONDS


def test_rows_are_joined_in_the_order_that_is_asked_for() -> None:
    outcome, _ = answer(
        visitor(), "select group_concat(distinct name, id order by id desc separator '; ') from shop.orders"
    )
    assert isinstance(outcome, Found)
    assert outcome.rows == [("b2; a1",)]
