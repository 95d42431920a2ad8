# SPDX-License-Identifier: MIT
"""When what has ended is started again: a worker by its supervisor, a share by its worker, `decnet up` by itself."""
