# SPDX-License-Identifier: MIT
"""What people do about it: incidents, silences, webhooks, exports, reports."""
