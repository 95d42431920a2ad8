# SPDX-License-Identifier: MIT
"""A whole fleet as a document: read, explained where it is wrong, and written."""
