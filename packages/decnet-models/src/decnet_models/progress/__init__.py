# SPDX-License-Identifier: MIT
"""How far each cursor worker has come. Tables: worker_cursor, lease, set_aside. Each worker writes its own rows."""
