# SPDX-License-Identifier: MIT
"""How reads of the database are divided between the event loop and threads."""
