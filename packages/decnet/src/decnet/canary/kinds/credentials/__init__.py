# SPDX-License-Identifier: MIT
"""Kinds that trip when stolen credentials or configuration are used."""
