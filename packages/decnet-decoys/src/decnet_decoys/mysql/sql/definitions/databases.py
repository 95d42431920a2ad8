# SPDX-License-Identifier: MIT
"""DROP DATABASE."""

from decnet_decoys.mysql.catalogue import Done, Outcome, Visitor
from decnet_decoys.mysql.packets import DATABASE_DROPPED
from decnet_decoys.mysql.sql.definitions.tables import forget
from decnet_decoys.mysql.sql.evaluation.scopes import Scope, StatementError
from decnet_decoys.mysql.sql.parsing import Parser
from decnet_decoys.mysql.sql.schemas import INFORMATION, of_the_server


def drop_database(parser: Parser, scope: Scope) -> Outcome:
    """DROP DATABASE and DROP SCHEMA."""
    parser.at += 2
    exists = parser.then("IF", "EXISTS")
    name = parser.name()
    if not parser.ends():
        raise parser.fail()
    if name not in scope.visitor.catalogue.databases:
        if exists:
            return Done(0, 0, 1, "", DATABASE_DROPPED)
        raise StatementError(1008, "HY000", f"Can't drop database '{name}'; database doesn't exist")
    if name.lower() == INFORMATION:
        raise of_the_server(scope.visitor)
    return Done(forget_database(scope.visitor, name), 0, 0, "", DATABASE_DROPPED)


def forget_database(visitor: Visitor, name: str) -> int:
    """Drop a database that is there; return how many tables it had."""
    tables = visitor.catalogue.databases[name]
    count = len(tables)
    for title in list(tables):
        forget(visitor, tables, title)
    del visitor.catalogue.databases[name]
    visitor.catalogue.changed = True
    visitor.catalogue.give_back(name)
    if visitor.database == name:
        visitor.database = ""
    return count
