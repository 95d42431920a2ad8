# SPDX-License-Identifier: MIT
"""The first administrator: the link that `decnet init` prints before there is a database, and that of `decnet up`."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete
from tests.decnet_web.api.accounts.people import PASSWORD, browser
from tests.decnet_web.api.served import serving

from decnet.access import links
from decnet.fleet.deployment import transaction
from decnet.installation import master
from decnet_core.keys import read_or_create
from decnet_core.settings import Settings
from decnet_models.accounts.tables import account


async def test_the_link_of_init_logs_the_first_administrator_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    settings = Settings({"state": {"dir": str(state)}}, {}, "")
    state.mkdir()
    master.begin(settings, state)
    printed = capsys.readouterr().err.splitlines()[0]
    assert printed.startswith("http://127.0.0.1:8080/login#link=")
    with serving(tmp_path, key=read_or_create(state / "keys" / links.KEY)) as served:
        with transaction(served.deployment, write=True) as connection:
            connection.execute(delete(account))
        async with browser(served) as one, browser(served) as late:
            body = {"secret": printed.partition("#link=")[2]}
            entered = await one.post("/session/link", **body)
            assert entered.status_code == 200
            one.remember(entered)
            shown = entered.json()["session"]
            assert (shown["account"]["name"], shown["role"], shown["must_set_up"]) == ("admin", "admin", True)
            assert (await late.post("/session/link", **body)).status_code == 401
            assert (await one.send("PUT", "/account/password", current=None, new=PASSWORD)).status_code == 200
        master.begin(served.deployment.settings, state)
        assert capsys.readouterr().err == "", "somebody can log in"
    off = Settings({"state": {"dir": str(tmp_path / "other")}, "web": {"listen": ""}}, {}, "")
    (tmp_path / "other").mkdir()
    master.begin(off, tmp_path / "other")
    assert capsys.readouterr().err == ""


def test_up_names_the_dashboard_and_a_link_while_nobody_can_log_in(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        with transaction(served.deployment, write=True) as connection:
            connection.execute(delete(account))
        first, second = (links.entrance(served.deployment, "root") for _ in range(2))
        assert first.startswith("http://127.0.0.1:8080/login#link=")
        assert first != second
        with transaction(served.deployment, write=True) as connection:
            connection.execute(account.update().values(password="$argon2id$x"))
        assert links.entrance(served.deployment, "root") == "http://127.0.0.1:8080/"
