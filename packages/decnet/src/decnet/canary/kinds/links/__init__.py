# SPDX-License-Identifier: MIT
"""Kinds that are a link, or lead to one."""
