# SPDX-License-Identifier: MIT
"""Who may use which route: a table that names every route, held against the application and against real requests.

A route that the table does not name, and a line that no route has, fail. `open` is for everybody, without a log-in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from fastapi import FastAPI
from tests.decnet_web.api.served import Served, serving

from decnet_models.accounts.queries import ROLES, Role
from decnet_web.api.application import make_application
from decnet_web.api.document import Operation, operations

Who = Literal["open", "viewer", "analyst", "admin"]

ACCOUNTS: dict[str, Who] = {
    "POST /api/v1/session": "open",
    "POST /api/v1/session/link": "open",
    "POST /api/v1/session/totp": "open",
    "GET /api/v1/session": "viewer",
    "DELETE /api/v1/session": "viewer",
    "PUT /api/v1/account/password": "viewer",
    "POST /api/v1/account/totp": "viewer",
    "PUT /api/v1/account/totp": "viewer",
    "POST /api/v1/account/totp/remove": "viewer",
    "POST /api/v1/account/recovery-codes": "viewer",
    "GET /api/v1/account/sessions": "viewer",
    "DELETE /api/v1/account/sessions/{session_id}": "viewer",
    "DELETE /api/v1/account/sessions": "viewer",
    "POST /api/v1/session/passkey/options": "open",
    "POST /api/v1/session/passkey": "open",
    "GET /api/v1/session/methods": "open",
    "GET /api/v1/session/oidc": "open",
    "GET /api/v1/session/oidc/callback": "open",
    "GET /api/v1/account/passkeys": "viewer",
    "POST /api/v1/account/passkeys/options": "viewer",
    "POST /api/v1/account/passkeys": "viewer",
    "PATCH /api/v1/account/passkeys/{passkey_id}": "viewer",
    "DELETE /api/v1/account/passkeys/{passkey_id}": "viewer",
    "GET /api/v1/tokens": "viewer",
    "POST /api/v1/tokens": "viewer",
    "DELETE /api/v1/tokens/{token_id}": "viewer",
    "GET /api/v1/users": "admin",
    "POST /api/v1/users": "admin",
    "GET /api/v1/users/{name}": "admin",
    "PATCH /api/v1/users/{name}": "admin",
    "DELETE /api/v1/users/{name}": "admin",
    "POST /api/v1/users/{name}/link": "admin",
    "POST /api/v1/users/{name}/reset": "admin",
    "GET /api/v1/audit": "admin",
}

FINDINGS: dict[str, Who] = {
    "GET /api/v1/attackers": "viewer",
    "GET /api/v1/attackers/{ip}": "viewer",
    "GET /api/v1/attackers/{ip}/timeline": "viewer",
    "GET /api/v1/campaigns": "viewer",
    "GET /api/v1/campaigns/{group}": "viewer",
    "GET /api/v1/campaigns/{group}/graph": "viewer",
    "POST /api/v1/campaigns/{group}/join": "analyst",
    "GET /api/v1/campaigns/{group}/members": "viewer",
    "POST /api/v1/campaigns/{group}/pin": "analyst",
    "POST /api/v1/campaigns/{group}/split": "analyst",
    "POST /api/v1/campaigns/{group}/undo": "analyst",
    "POST /api/v1/campaigns/{group}/withdraw": "analyst",
    "POST /api/v1/campaigns/separations": "analyst",
    "POST /api/v1/campaigns/changes/{change}/undo": "analyst",
    "POST /api/v1/campaigns/decisions/{decision}/withdraw": "analyst",
    "GET /api/v1/credentials": "viewer",
    "GET /api/v1/credentials/reused": "viewer",
    "GET /api/v1/credentials/top": "viewer",
    "GET /api/v1/credentials/{digest}": "viewer",
    "GET /api/v1/credentials/{digest}/uses": "viewer",
    "GET /api/v1/events": "viewer",
    "GET /api/v1/events/language": "viewer",
    "GET /api/v1/events/{event}": "viewer",
    "GET /api/v1/exports/{form}": "viewer",
    "POST /api/v1/reports/sent": "analyst",
    "GET /api/v1/files": "viewer",
    "GET /api/v1/files/{sha256}": "viewer",
    "GET /api/v1/files/{sha256}/content": "analyst",
    "GET /api/v1/identities": "viewer",
    "GET /api/v1/identities/{group}": "viewer",
    "GET /api/v1/identities/{group}/graph": "viewer",
    "POST /api/v1/identities/{group}/join": "analyst",
    "GET /api/v1/identities/{group}/members": "viewer",
    "POST /api/v1/identities/{group}/pin": "analyst",
    "POST /api/v1/identities/{group}/split": "analyst",
    "POST /api/v1/identities/{group}/undo": "analyst",
    "POST /api/v1/identities/{group}/withdraw": "analyst",
    "POST /api/v1/identities/separations": "analyst",
    "POST /api/v1/identities/changes/{change}/undo": "analyst",
    "POST /api/v1/identities/decisions/{decision}/withdraw": "analyst",
    "POST /api/v1/intel/{address}/refresh": "analyst",
    "GET /api/v1/intel/{indicator}": "viewer",
    "GET /api/v1/overview": "viewer",
    "GET /api/v1/reports": "viewer",
    "GET /api/v1/search": "viewer",
    "GET /api/v1/sessions": "viewer",
    "GET /api/v1/sessions/{session}": "viewer",
    "GET /api/v1/sessions/{session}/recording": "viewer",
    "GET /api/v1/summary": "viewer",
    "GET /api/v1/techniques": "viewer",
    "GET /api/v1/techniques/{technique}": "viewer",
}

FLEET: dict[str, Who] = {
    "GET /api/v1/canaries": "viewer",
    "POST /api/v1/canaries": "analyst",
    "POST /api/v1/canaries/check-dns": "analyst",
    "GET /api/v1/canaries/export": "admin",
    "GET /api/v1/canaries/hits": "viewer",
    "POST /api/v1/canaries/import": "admin",
    "POST /api/v1/canaries/instrument": "analyst",
    "GET /api/v1/canaries/kinds": "viewer",
    "DELETE /api/v1/canaries/{token}": "analyst",
    "GET /api/v1/canaries/{token}": "viewer",
    "POST /api/v1/canaries/{token}/disable": "analyst",
    "GET /api/v1/canaries/{token}/download": "analyst",
    "POST /api/v1/canaries/{token}/enable": "analyst",
    "POST /api/v1/canaries/{token}/plant": "analyst",
    "GET /api/v1/database": "viewer",
    "GET /api/v1/database/backups": "admin",
    "POST /api/v1/database/backups": "admin",
    "DELETE /api/v1/database/backups/{name}": "admin",
    "GET /api/v1/database/backups/{name}/download": "admin",
    "GET /api/v1/database/check": "viewer",
    "POST /api/v1/database/check": "admin",
    "GET /api/v1/deckies": "viewer",
    "POST /api/v1/deckies": "admin",
    "GET /api/v1/deckies/traffic": "viewer",
    "DELETE /api/v1/deckies/{name}": "admin",
    "GET /api/v1/deckies/{name}": "viewer",
    "PATCH /api/v1/deckies/{name}": "admin",
    "GET /api/v1/deckies/{name}/changes": "viewer",
    "POST /api/v1/deckies/{name}/mutate": "admin",
    "DELETE /api/v1/deckies/{name}/policy": "admin",
    "PUT /api/v1/deckies/{name}/policy": "admin",
    "POST /api/v1/fleet/deploy": "admin",
    "GET /api/v1/fleet/document": "viewer",
    "POST /api/v1/fleet/plan": "admin",
    "GET /api/v1/footprint": "viewer",
    "GET /api/v1/images": "viewer",
    "GET /api/v1/images/{name}": "viewer",
    "GET /api/v1/mutations": "viewer",
    "GET /api/v1/orchestrator/agenda": "viewer",
    "GET /api/v1/personas": "viewer",
    "POST /api/v1/personas/check": "viewer",
    "GET /api/v1/personas/{name}": "viewer",
    "GET /api/v1/quarantine": "analyst",
    "POST /api/v1/quarantine/retry": "analyst",
    "GET /api/v1/quarantine/{worker}/{segment}/{offset}": "analyst",
    "POST /api/v1/replays": "admin",
    "POST /api/v1/replays/plan": "admin",
    "GET /api/v1/rules": "viewer",
    "POST /api/v1/rules/check": "analyst",
    "GET /api/v1/rules/files": "viewer",
    "DELETE /api/v1/rules/files/{name}": "admin",
    "GET /api/v1/rules/files/{name}": "viewer",
    "PUT /api/v1/rules/files/{name}": "admin",
    "PUT /api/v1/rules/{rule}/state": "analyst",
    "GET /api/v1/sensors": "viewer",
    "GET /api/v1/sensors/authority": "viewer",
    "POST /api/v1/sensors/bundles": "admin",
    "POST /api/v1/sensors/enrolments": "admin",
    "POST /api/v1/sensors/renew": "admin",
    "POST /api/v1/sensors/requests": "admin",
    "DELETE /api/v1/sensors/{name}": "admin",
    "POST /api/v1/sensors/{name}/revoke": "admin",
    "GET /api/v1/settings": "admin",
    "POST /api/v1/settings/check": "admin",
    "GET /api/v1/settings/file": "admin",
    "PUT /api/v1/settings/file": "admin",
    "GET /api/v1/status": "viewer",
    "GET /api/v1/status/report": "viewer",
    "GET /api/v1/webhooks": "viewer",
    "POST /api/v1/webhooks": "admin",
    "GET /api/v1/webhooks/deliveries": "analyst",
    "GET /api/v1/webhooks/formats": "viewer",
    "DELETE /api/v1/webhooks/{webhook}": "admin",
    "GET /api/v1/webhooks/{webhook}": "viewer",
    "PATCH /api/v1/webhooks/{webhook}": "admin",
    "POST /api/v1/webhooks/{webhook}/enable": "admin",
    "POST /api/v1/webhooks/{webhook}/replay": "analyst",
    "POST /api/v1/webhooks/{webhook}/rotate": "admin",
    "GET /api/v1/webhooks/{webhook}/secret": "admin",
    "POST /api/v1/webhooks/{webhook}/test": "analyst",
    "GET /api/v1/workers": "viewer",
    "GET /api/v1/workers/{name}": "viewer",
    "GET /api/v1/workers/{name}/log": "analyst",
    "POST /api/v1/workers/{name}/pause": "admin",
    "POST /api/v1/workers/{name}/reload": "admin",
    "POST /api/v1/workers/{name}/restart": "admin",
    "POST /api/v1/workers/{name}/resume": "admin",
}

RESPONSE: dict[str, Who] = {
    "GET /api/v1/incidents": "viewer",
    "POST /api/v1/incidents/acknowledge": "analyst",
    "POST /api/v1/incidents/close": "analyst",
    "GET /api/v1/incidents/open": "viewer",
    "GET /api/v1/incidents/{number}": "viewer",
    "POST /api/v1/incidents/{number}/acknowledge": "analyst",
    "POST /api/v1/incidents/{number}/close": "analyst",
    "POST /api/v1/incidents/{number}/notes": "analyst",
    "GET /api/v1/known": "viewer",
    "POST /api/v1/known": "analyst",
    "DELETE /api/v1/known/{number}": "analyst",
    "POST /api/v1/known/{number}/forget": "analyst",
    "GET /api/v1/silences": "viewer",
    "POST /api/v1/silences": "analyst",
    "DELETE /api/v1/silences/{number}": "analyst",
}

LIVE: dict[str, Who] = {
    "GET /api/v1/healthz": "open",
    "GET /api/v1/metrics": "open",  # on this host without a proxy; else with a token: live/test_metrics.py
    "GET /api/v1/policy-reports": "admin",
    "POST /api/v1/policy-reports": "open",
    "GET /api/v1/readyz": "open",
    "GET /api/v1/stream": "viewer",
    "GET /healthz": "open",
    "GET /metrics": "open",
    "GET /readyz": "open",
}

TABLE = ACCOUNTS | FINDINGS | FLEET | RESPONSE | LIVE
"""Method and path: the least role."""

ENDLESS = {"GET /api/v1/stream"}
"""Whoever may use them is answered until they hang up."""


@pytest.fixture(scope="module")
def application() -> FastAPI:
    return make_application(None)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        yield served


def test_the_table_names_every_route_and_no_other(application: FastAPI) -> None:
    found = {key(one): one for one in operations(application)}
    missing = {name: (one.roles[0] if one.roles else "open") for name, one in found.items() if name not in TABLE}
    assert missing == {}, "add these lines to TABLE, if that is who shall use them"
    assert sorted(TABLE.keys() - found.keys()) == []


def test_each_route_has_the_one_access_dependency_of_the_table(application: FastAPI) -> None:
    expected = {name: () if who == "open" else (who,) for name, who in TABLE.items()}
    assert {key(one): one.roles for one in operations(application)} == expected


def test_operation_ids_are_unique(application: FastAPI) -> None:
    names = [one.name for one in operations(application)]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("who", [None, *ROLES])
async def test_requests_are_refused_as_the_table_says(served: Served, who: Role | None) -> None:
    """Each route is asked without arguments: whoever may use it gets anything but 401 and 403."""
    wrong = {}
    for name, least in TABLE.items():
        method, path = name.split(" ")
        if name in ENDLESS and right(200, who, least):
            continue
        async with served.client(who) as client:
            status = (await client.request(method, path.replace("{", "").replace("}", ""))).status_code
        if not right(status, who, least):
            wrong[name] = status
    assert wrong == {}


def right(status: int, who: Role | None, least: Who) -> bool:
    if least == "open":
        return status != 403
    if who is None:
        return status == 401
    if ROLES.index(who) < ROLES.index(least):
        return status == 403
    return status not in (401, 403)


def key(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"
