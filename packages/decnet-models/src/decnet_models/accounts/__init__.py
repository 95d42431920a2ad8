# SPDX-License-Identifier: MIT
"""Who may use the API and the dashboard, their tokens and sessions, and what they did.

All tables are written by the operator (API and commands): `queries.py` account, api_token, web_session; `factors.py`
passkey, recovery_code; `entrances.py` login_link, oidc_subject, used_ticket; `audit.py` audit_entry, login_throttle;
`kept_answers.py` kept_answer. No credential is stored in the clear: passwords as a hash that the caller made
(argon2id), tokens, links and cookies as SHA-256 (they are random), recovery codes as a keyed digest, TOTP secrets
encrypted by the caller. The table of users is `account`, because `user` is reserved in SQL: on PostgreSQL
`SELECT * FROM user` returns the name of the database role.
"""
