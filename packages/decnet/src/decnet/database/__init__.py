# SPDX-License-Identifier: MIT
"""Long work on the fleet's database that goes on while nobody waits: backups and checks."""
