# SPDX-License-Identifier: MIT
"""What every domain needs of the database: engines and transactions, column types, statements, owners, the schema.

Nothing here names a domain. `from_settings` opens the fleet's database, `schema` says whether its tables are this
version's, `ownership` and `grants` keep one writer per table, `domains` finds the folders that declare tables.
"""
