# SPDX-License-Identifier: MIT
"""One worker in several processes: each does a share of the job, and the process that forked them restarts each alone.

`share` is what a process knows of its share; `processes` forks and watches them, each as a `child`.
"""
