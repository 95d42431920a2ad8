# SPDX-License-Identifier: MIT
"""MariaDB and MySQL: log-ins with the challenge and its response kept, the usual first questions answered.

`packets` builds and reads the protocol's packets, `authentication` judges responses, `statements` answers SQL as far as
intruders ask it, over the `catalogue` that all share; `service` plays one connection. Nothing is executed.
"""
