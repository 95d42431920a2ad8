# SPDX-License-Identifier: MIT
"""The reference pages, written from the registries, so that they cannot be wrong."""
