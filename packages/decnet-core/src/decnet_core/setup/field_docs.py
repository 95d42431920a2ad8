# SPDX-License-Identifier: MIT
"""The docstrings below the fields of a Struct, read from its source; `init` and the reference pages show them.

So a field is described once, where it is declared.
"""

import ast
import functools
import inspect
import textwrap

import msgspec


def field_docs(shape: type[msgspec.Struct]) -> dict[str, str]:
    """Return the sentence of each field by its name, inherited ones included; a field that has none is not there."""
    docs: dict[str, str] = {}
    for each in reversed(shape.__mro__):
        if issubclass(each, msgspec.Struct) and each is not msgspec.Struct:
            docs |= _own(each)
    return docs


@functools.cache
def _own(shape: type[msgspec.Struct]) -> dict[str, str]:
    (source,) = ast.parse(textwrap.dedent(inspect.getsource(shape))).body
    assert isinstance(source, ast.ClassDef)
    docs: dict[str, str] = {}
    for field, after in zip(source.body, source.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(after, ast.Expr):
            docs[field.target.id] = " ".join(str(ast.literal_eval(after.value)).split())
    return docs
