# SPDX-License-Identifier: MIT
"""The systemd journal, read by `journalctl` as a child process, from a cursor."""
