# SPDX-License-Identifier: MIT
"""What only SQLite needs: snapshots on kept connections, and a write-ahead log that is begun anew."""
