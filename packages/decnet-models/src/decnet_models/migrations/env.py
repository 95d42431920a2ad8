# SPDX-License-Identifier: MIT
"""Run by Alembic for every command: migrates on the connection that `upgrade` opened, in its one transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
