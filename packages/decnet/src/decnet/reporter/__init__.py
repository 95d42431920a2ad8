# SPDX-License-Identifier: MIT
"""The worker `reporter`: reports on a schedule, as notices, which webhooks and mail carry like any other."""
