# SPDX-License-Identifier: MIT
"""Statements about accounts: CREATE, ALTER, RENAME and DROP USER, SET PASSWORD, GRANT, SHOW GRANTS."""

from __future__ import annotations

from decnet_decoys.mysql.accounts import EVERYTHING, Account
from decnet_decoys.mysql.authentication import is_hash
from decnet_decoys.mysql.catalogue import Done, Found, Outcome, Visitor
from decnet_decoys.mysql.sql.describing import text_column
from decnet_decoys.mysql.sql.evaluation.scopes import Scope, StatementError
from decnet_decoys.mysql.sql.parsing import Parser

_MANY = 64
"""Accounts of one statement."""


def _account(parser: Parser, visitor: Visitor) -> tuple[str, str]:
    """Return the name and the host of an account."""
    if parser.then("CURRENT_USER"):
        if parser.then("("):
            parser.must(")")
        return visitor.user, "%"
    name = parser.take("string", "word", "name").text
    host = parser.take("variable").text.strip('"') if parser.token.kind == "variable" else "%"
    return name, host or "%"


def _secret(parser: Parser) -> str | None:
    """Return the password, or its hash, that IDENTIFIED BY or a plug-in's USING names; None without one.

    Raises StatementError if a hash is none.
    """
    if not parser.then("IDENTIFIED"):
        return None
    if not parser.then("BY"):
        parser.at += not parser.ends()  # VIA or WITH, and the plug-in's name
        _skip(parser, ",", "WITH", "REQUIRE", "BY", "USING", "AS")
        if not (parser.then("BY") or parser.then("USING") or parser.then("AS")):
            return ""
    named = parser.then("PASSWORD")
    bracketed = named and parser.then("(")
    password = parser.take("string").text
    if bracketed:
        parser.must(")")
    elif named and not is_hash(password):
        raise _no_hash()
    return password


def _skip(parser: Parser, *until: str) -> None:
    while not parser.ends() and not parser.sees(*until):
        parser.at += 1


def _failed(what: str, *accounts: tuple[str, str]) -> StatementError:
    names = ",".join(f"'{name}'@'{host}'" for name, host in accounts)
    return StatementError(1396, "HY000", f"Operation {what} failed for {names}"[:511])


def _no_hash() -> StatementError:
    return StatementError(1372, "HY000", "Password hash should be a 41-digit hexadecimal number")


def create(parser: Parser, scope: Scope) -> Outcome:
    parser.must("CREATE", "USER")
    exists, warnings = parser.then("IF", "NOT", "EXISTS"), 0
    for _ in range(_MANY):
        name, host = _account(parser, scope.visitor)
        password = _secret(parser) or ""
        _skip(parser, ",")
        if not scope.visitor.catalogue.accounts.create(name, host, password):
            if not exists:
                raise _failed("CREATE USER", (name, host))
            warnings += 1
        scope.visitor.catalogue.changed = True
        if not parser.then(","):
            break
    return Done(warnings=warnings)


def alter(parser: Parser, scope: Scope) -> Outcome:
    """Change those that there are; the others are told when that is done."""
    parser.must("ALTER", "USER")
    exists = parser.then("IF", "EXISTS")
    accounts = scope.visitor.catalogue.accounts
    absent = []
    for _ in range(_MANY):
        name, host = _account(parser, scope.visitor)
        try:
            password = _secret(parser)
        except StatementError as error:
            raise _failed("ALTER USER", (name, host)) from error
        _skip(parser, ",")
        if accounts.get(name) is None:
            absent.append((name, host))
        elif password is not None:
            accounts.set_password(name, password)
            scope.visitor.catalogue.changed = True
        if not parser.then(","):
            break
    if absent and not exists:
        raise _failed("ALTER USER", *absent)
    return Done(warnings=len(absent))


def drop(parser: Parser, scope: Scope) -> Outcome:
    """Remove those that there are; the others are told when that is done."""
    parser.must("DROP", "USER")
    exists = parser.then("IF", "EXISTS")
    named = parser.listed(lambda: _account(parser, scope.visitor))[:_MANY]
    absent = [one for one in named if not scope.visitor.catalogue.accounts.drop(one[0])]
    scope.visitor.catalogue.changed = True
    if absent and not exists:
        raise _failed("DROP USER", *absent)
    return Done(warnings=len(absent))


def rename(parser: Parser, scope: Scope) -> Outcome:
    parser.must("RENAME", "USER")
    accounts = scope.visitor.catalogue.accounts
    name, host = _account(parser, scope.visitor)
    parser.must("TO")
    new, new_host = _account(parser, scope.visitor)
    found = accounts.get(name)
    if found is None or not accounts.create(new, new_host, found.passwords[0] if found.passwords else ""):
        raise _failed("RENAME USER", (name, host))
    accounts.drop(name)
    scope.visitor.catalogue.changed = True
    return Done()


def set_password(parser: Parser, scope: Scope) -> Outcome:
    parser.must("SET", "PASSWORD")
    name = _account(parser, scope.visitor)[0] if parser.then("FOR") else scope.visitor.user
    parser.must("=")
    hashed = parser.then("PASSWORD", "(")
    password = parser.take("string").text
    if hashed:
        parser.must(")")
    elif password and not is_hash(password) and scope.visitor.catalogue.profile.flavour == "mariadb":
        raise _no_hash()
    if not parser.ends():
        raise parser.fail()
    if not scope.visitor.catalogue.accounts.set_password(name, password):
        raise StatementError(1133, "28000", "Can't find any matching row in the user table")
    scope.visitor.catalogue.changed = True
    return Done()


def grant(parser: Parser, scope: Scope) -> Outcome:
    """Grant what is named on all databases; rights on a part of them are taken, and not shown."""
    parser.must("GRANT")
    start = parser.token.at
    _skip(parser, "ON", "TO")
    rights = " ".join(parser.sql[start : parser.token.at].split())
    on = parser.sql[parser.token.at :]
    _skip(parser, "TO")
    on = on[: max(0, len(on) - len(parser.sql) + parser.token.at)]
    parser.must("TO")
    name, host = _account(parser, scope.visitor)
    password = _secret(parser)
    _skip(parser, "WITH")
    accounts = scope.visitor.catalogue.accounts
    if accounts.get(name) is None:
        if password is None:
            raise StatementError(1133, "28000", "Can't find any matching row in the user table")
        accounts.create(name, host, password)
    elif password is not None:
        accounts.set_password(name, password)
    found = accounts.get(name)
    if found is not None and found.is_own and "*.*" in on:
        found.rights = EVERYTHING if rights.upper().startswith("ALL") else rights.upper()[:1024]
        found.grants = found.grants or parser.then("WITH", "GRANT", "OPTION")
    scope.visitor.catalogue.changed = True
    return Done()


def _hashed(account: Account) -> str:
    shown = account.password_hash
    return f" IDENTIFIED BY PASSWORD '{shown}'" if shown else ""


def show_grants(parser: Parser, scope: Scope) -> Outcome:
    parser.must("SHOW", "GRANTS")
    name, host = _account(parser, scope.visitor) if parser.then("FOR") else (scope.visitor.user, "%")
    if not parser.ends():
        raise parser.fail()
    found = scope.visitor.catalogue.accounts.get(name)
    if found is None:
        raise StatementError(1141, "42000", f"There is no such grant defined for user '{name}' on host '{host}'")
    line = f"GRANT {found.rights} ON *.* TO `{name}`@`{found.host}`{_hashed(found)}"
    shown = line + (" WITH GRANT OPTION" if found.grants else "")
    return Found([text_column(f"Grants for {name}@{found.host}", 4096, nullable=False)], [[shown]])


def show_create(parser: Parser, scope: Scope) -> Outcome:
    parser.must("SHOW", "CREATE", "USER")
    name, host = (scope.visitor.user, "%") if parser.ends() else _account(parser, scope.visitor)
    found = scope.visitor.catalogue.accounts.get(name)
    if found is None:
        raise StatementError(1133, "28000", "Can't find any matching row in the user table")
    words = f"CREATE USER `{name}`@`{found.host}`{_hashed(found)}"
    return Found([text_column(f"CREATE USER for {name}@{host}", 1024, nullable=False)], [[words]])
