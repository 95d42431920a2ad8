# SPDX-License-Identifier: MIT
"""Enrolment: its modules say what is where."""
