# SPDX-License-Identifier: MIT
"""Kinds that trip when a document is opened."""
