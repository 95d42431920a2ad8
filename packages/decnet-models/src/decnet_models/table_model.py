# SPDX-License-Identifier: MIT
"""What the classes in every domain's `models.py` share: each is a SQLModel view of one `Table` of `tables.py`.

The table stays the one definition of columns, types, keys and conditions; a class adds Python types, a description of
each column (the sentence below the field, also in its JSON schema) and relationships. Workers load `tables.py` only:
SQLModel and pydantic cost 14 MiB in each process. These classes are for programs that can afford them: the web API and
a person's scripts, with the extra `sqlmodel`.

Times are nanoseconds since the Unix epoch, UTC, unless the name says another unit. An attribute that ends in `_row` or
`_rows` is a relationship: it reads rows of the same domain and never writes. Rows of other domains are joined in the
query, since a domain does not import another.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from sqlalchemy import Engine, Table
from sqlmodel import Relationship, Session, SQLModel
from sqlmodel.main import FieldInfoMetadata

from decnet_models.database.engine import reading


class TableModel(SQLModel):
    """A row of `__table__`; every field is the column of the same name."""

    model_config = {"use_attribute_docstrings": True}
    __table__: ClassVar[Table]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Give each field the column of its name, as `Field(sa_column=...)` would, before SQLModel makes new ones."""
        super().__pydantic_init_subclass__(**kwargs)
        table = getattr(cls, "__table__", None)
        if table is not None:
            for name, field in cls.model_fields.items():
                field.metadata = [*field.metadata, FieldInfoMetadata(sa_column=table.columns[name])]


def related(**options: Any) -> Any:
    """Return a relationship that only reads; `options` are those of `sqlalchemy.orm.relationship`."""
    return Relationship(sa_relationship_kwargs={"viewonly": True, **options})


@contextmanager
def read_session(engine: Engine) -> Iterator[Session]:
    """Open a session that reads one snapshot of the database; it takes no lock, so the fleet continues working."""
    with reading(engine) as connection, Session(connection) as session:
        yield session
