# SPDX-License-Identifier: MIT
"""The REST API (`api`) and the dashboard (`web`)."""
