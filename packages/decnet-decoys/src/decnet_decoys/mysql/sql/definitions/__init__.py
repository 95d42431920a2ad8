# SPDX-License-Identifier: MIT
"""CREATE, DROP, ALTER and RENAME of databases, tables and views."""
