# SPDX-License-Identifier: MIT
"""What Alembic runs for every command: migrate on the connection that `upgrade` opened, in its one transaction."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
