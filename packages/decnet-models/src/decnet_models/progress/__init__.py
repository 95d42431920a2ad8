# SPDX-License-Identifier: MIT
"""How far each cursor worker has come. Tables: worker_cursor, lease, dead_letter. Each worker writes its own rows."""
