# SPDX-License-Identifier: MIT
"""The worker `web`: the dashboard's files, and the way to the API.

It has no database and knows neither the API nor its framework. What a client sends is parsed strictly (`requests`,
`body`), and each request that it hands on has a connection to `api` of its own, on which nothing else is ever sent: so
what follows a request cannot be taken for another one there (request smuggling). `requests`, `hosts`, `responses` and
`headers` are pure; `files` reads the dashboard's folder; `client` and `api_link` own the connections; `worker` owns the
sockets.
"""
