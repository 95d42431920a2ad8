# SPDX-License-Identifier: MIT
"""The worker `mutate`: moving-target defence. `variant` and `schedule` are pure; `mutations` reads and writes."""
