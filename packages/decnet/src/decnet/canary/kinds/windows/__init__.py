# SPDX-License-Identifier: MIT
"""Kinds that trip when Windows shows a folder."""
