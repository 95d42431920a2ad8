# SPDX-License-Identifier: MIT
"""Errors of calls."""

from decnet_decoys.mysql.catalogue import Visitor
from decnet_decoys.mysql.functions.patterns import WrongPatternError
from decnet_decoys.mysql.sql.evaluation.scopes import StatementError


def wrong_pattern(error: WrongPatternError) -> StatementError:
    return StatementError(1139, "42000", f"Regex error '{error}'")


def wrong_count(name: str) -> StatementError:
    return StatementError(1582, "42000", f"Incorrect parameter count in the call to native function '{name}'")


def no_function(visitor: Visitor, name: str, database: str) -> StatementError:
    place = database or visitor.database
    return StatementError(1305, "42000", f"FUNCTION {place + '.' if place else ''}{name[:64]} does not exist")
