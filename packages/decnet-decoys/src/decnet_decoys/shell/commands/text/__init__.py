# SPDX-License-Identifier: MIT
"""Commands that read, select and change the bytes and lines of files."""
