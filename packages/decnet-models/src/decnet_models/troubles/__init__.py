# SPDX-License-Identifier: MIT
"""Troubles of the fleet itself that have been told and have not ended. Table: trouble, which `webhook` writes."""
