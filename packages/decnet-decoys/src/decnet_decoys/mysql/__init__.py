# SPDX-License-Identifier: MIT
"""MariaDB and MySQL: log-ins with the challenge and its response kept, the usual first questions answered.

`packets` builds and reads the protocol's packets, `authentication` judges responses, `statements` answers SQL as far as
intruders ask it, over the `catalogue` that all share; `prepared` and `binary` are the binary protocol of prepared
statements. `service` plays one connection, `commands` what it asks once it has logged in. Nothing is executed.
"""
