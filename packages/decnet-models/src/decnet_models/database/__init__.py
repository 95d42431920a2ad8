# SPDX-License-Identifier: MIT
"""What all domains share: engines and transactions, column types, statements, owners, the schema.

Nothing here names a domain. `from_settings` opens the fleet's database, `schema` checks the version of its tables,
`ownership` and `grants` keep one writer per table, `domains` finds the folders that declare tables.
"""
