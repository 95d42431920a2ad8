# SPDX-License-Identifier: MIT
"""`decnet decky` and `decnet deploy` on a real database, without a running fleet."""

from __future__ import annotations

from ipaddress import ip_interface
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection
from tests.decnet.command_result import Run

from decnet.commands.deckies import deploy
from decnet.deckies import excluded, host_network
from decnet.deckies.host_network import HostNetwork
from decnet.fleet import arrival
from decnet.fleet.deployment import Deployment, transaction
from decnet_decoys.personas.catalog import converted, persona
from decnet_models.fleet import change_log, queries, states
from decnet_models.fleet.queries import Address, Decky
from decnet_models.fleet.states import State
from decnet_models.realism import queries as realism

HOST = HostNetwork({"eth0": (ip_interface("10.20.0.2/24"), ip_interface("fd00::2/64"))})
DOCUMENT = """
[network]
runtime = "netns"
interface = "eth0"

[[decky]]
name = "shop"
count = 3
address = "10.20.0.50"
persona = "debian-web"

[[decky]]
name = "box"
addresses = ["10.20.0.60", "fd00::60"]
persona = "nas"
services = { http = 8080 }
"""


@pytest.fixture(autouse=True)
def _host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_network, "look", lambda: HOST)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    file = tmp_path / "fleet.toml"
    file.write_text(DOCUMENT)
    return file


def rows(deployment: Deployment) -> dict[str, Decky]:
    with transaction(deployment) as connection:
        return {one.name: one for one in queries.deckies(connection) if one.wanted}


def running(connection: Connection, one: Decky) -> None:
    states.record_state(connection, State(one.name, one.version, "running", 1, 2))


def test_an_added_decky_is_listed_shown_changed_and_removed(run: Run, deployment: Deployment) -> None:
    said = run("decky", "add", "web-1", "--address", "127.77.0.20", "--persona", "debian-web")
    assert (said.code, "1 to add" in said.out) == (0, True)
    assert "127.77.0.20" in run("decky", "list").out
    assert "root/" in run("decky", "show", "web-1").out
    assert run("decky", "change", "web-1", "--service", "http=8081").code == 0
    assert [(each.service, each.port) for each in rows(deployment)["web-1"].services] == [("http", 8081)]
    assert run("decky", "remove", "web-1").code == 0
    assert rows(deployment) == {}
    listed = {row["decky"]["name"]: row for row in run("decky", "list", "--json").document}
    assert listed["web-1"]["decky"]["wanted"] is False


@pytest.mark.usefixtures("deployment")
def test_deckies_of_the_default_fleet_are_listed_among_those_that_were_added(run: Run) -> None:
    run("decky", "add", "mail-1", "--address", "127.77.0.20", "--persona", "debian-web")
    rows = [line.split()[:2] for line in run("decky", "list").out.splitlines()[1:]]
    assert rows == [
        ["db-01", "127.77.0.11"], ["mail-1", "127.77.0.20"], ["nas-01", "127.77.0.12"], ["web-01", "127.77.0.10"],
    ]  # fmt: skip
    listed = run("decky", "list", "--json").document
    assert [row["from_settings"] for row in listed] == [True, False, True, True]
    assert "played by decoys" in run("decky", "list", "--csv").out


def test_a_decky_of_the_settings_is_shown_but_not_changed_here(run: Run, deployment: Deployment) -> None:
    shown = run("decky", "show", "web-01").out
    assert "127.77.0.10" in shown
    assert "root/admin123" in shown
    assert "as the settings have it" in run("decky", "inspect", "web-01").out
    for refused in (("change", "web-01", "--persona", "nas"), ("remove", "web-01"), ("policy", "web-01", "--off")):
        said = run("decky", *refused)
        assert (said.code, "[[decoys.decky]]" in said.err) == (1, True), refused
    assert rows(deployment) == {}


def test_the_persona_of_a_decky_is_stored_with_it_as_its_document(run: Run, deployment: Deployment) -> None:
    run("decky", "add", "web-1", "--address", "127.77.0.20", "--persona", "nas")
    with transaction(deployment) as connection:
        stored = realism.persona_named(connection, "nas")
    assert stored is not None
    assert stored.body["stack"]["window"] == 28960
    assert converted("nas", stored.body) == persona("nas")


def test_inspect_tells_what_the_reconciler_found_and_who_changed_what(run: Run, deployment: Deployment) -> None:
    run("decky", "add", "web-1", "--address", "127.77.0.20", "--persona", "nas")
    assert "not looked at yet" in run("decky", "inspect", "web-1").out
    failed = State("web-1", 0, "failed", 1, 2, ("port 22 is closed",), "the port is taken", 3, 4)
    with transaction(deployment, write=True) as connection:
        states.record_state(connection, failed)
    shown = run("decky", "inspect", "web-1").out
    assert "port 22 is closed" in shown
    assert "the port is taken" in shown
    assert "decky add web-1" in shown
    assert run("decky", "inspect", "nobody").code == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "web-1", "--address", "127.77.0.21", "--persona", "nas"), "decnet decky change web-1"),
        (("add", "b", "--address", "127.77.0.20", "--persona", "nas"), "is one that decky web-1 has"),
        (("add", "b", "--address", "127.77.0.22", "--persona", "moon"), "there is no persona 'moon'"),
        (("change", "b", "--persona", "nas"), "there is no decky 'b'"),
        (("remove", "web-1", "b"), "there is no decky 'b'"),
    ],
)
def test_a_command_that_cannot_be_done_changes_nothing(
    run: Run, deployment: Deployment, arguments: tuple[str, ...], told: str
) -> None:
    run("decky", "add", "web-1", "--address", "127.77.0.20", "--persona", "debian-web")
    before = rows(deployment)
    said = run("decky", *arguments)
    assert (said.code, told in said.err) == (1, True)
    assert rows(deployment) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("change", "web-1"),
        ("add", "b", "--persona", "nas", "--runtime", "moon"),
        ("add", "b", "--persona", "nas", "--service", "ssh=22", "--service", "http"),
    ],
)
def test_wrong_options_are_wrong_usage(run: Run, deployment: Deployment, arguments: tuple[str, ...]) -> None:
    assert run("decky", *arguments).code == 2


def test_a_document_makes_the_fleet_and_a_second_time_nothing(run: Run, deployment: Deployment, document: Path) -> None:
    said = run("deploy", str(document), "--yes")
    assert (said.code, "4 to add" in said.out) == (0, True)
    made = rows(deployment)
    assert set(made) == {"shop-01", "shop-02", "shop-03", "box"}
    assert len({one.seed for one in made.values()}) == len({one.mac for one in made.values()}) == 4
    assert run("deploy", str(document), "--yes").out.startswith("nothing to do: 4 deckies")
    assert rows(deployment) == made


def test_a_plan_shows_what_would_be_done_and_does_nothing(run: Run, deployment: Deployment, document: Path) -> None:
    run("deploy", str(document), "--yes")
    before = rows(deployment)
    document.write_text(DOCUMENT.replace("count = 3", "count = 2").replace("http = 8080", "http = 8081"))
    said = run("deploy", str(document), "--plan")
    assert said.out.splitlines() == [
        "~ box",
        "    services: http:8080 -> http:8081",
        "- shop-03",
        "0 to add, 1 to change, 1 to remove; 2 stay as they are",
    ]
    assert rows(deployment) == before


def test_without_yes_and_without_anybody_to_ask_nothing_is_done(
    run: Run, deployment: Deployment, document: Path
) -> None:
    said = run("deploy", str(document))
    assert (said.code, "add --yes" in said.err) == (2, True)
    assert rows(deployment) == {}


@pytest.mark.parametrize(
    "meanwhile",
    [
        ("decky", "add", "other", "--persona", "nas", "--address", "127.77.0.90"),
        ("decky", "change", "box", "--service", "http=8081"),
        ("decky", "remove", "shop-01"),
    ],
)
def test_a_plan_that_was_shown_is_not_carried_out_when_the_fleet_has_changed_since(
    run: Run,
    deployment: Deployment,
    document: Path,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: tuple[str, ...],
) -> None:
    run("deploy", str(document), "--yes")
    document.write_text(DOCUMENT.replace("count = 3", "count = 2"))
    before: list[dict[str, Decky]] = []

    def answered() -> None:
        said = run(*meanwhile)
        assert said.code == 0, said.err
        before.append(rows(deployment))

    monkeypatch.setattr(deploy, "_confirm", answered)
    said = run("deploy", str(document))
    assert (said.code, "nothing was done: run the" in said.err) == (1, True)
    assert rows(deployment) == before[0]
    monkeypatch.setattr(deploy, "_confirm", lambda: None)
    assert run("deploy", str(document)).code == 0
    assert set(rows(deployment)) == {"shop-01", "shop-02", "box"}


def test_the_exported_document_changes_nothing(
    run: Run, deployment: Deployment, document: Path, tmp_path: Path
) -> None:
    run("deploy", str(document), "--yes")
    before = rows(deployment)
    again = tmp_path / "again.toml"
    again.write_text(run("deploy", "--export").out)
    assert run("deploy", str(again), "--yes").out.startswith("nothing to do")
    assert rows(deployment) == before


def test_leased_addresses_are_the_networks_affair(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "leased.toml"
    file.write_text(
        '[network]\nruntime = "netns"\ninterface = "eth0"\ngateways = ["10.20.0.1"]\n'
        '[[decky]]\nname = "cam"\ncount = 2\naddress = "dhcp"\npersona = "nas"\n'
    )
    assert "cam-01  dhcp  netns on eth0" in run("deploy", str(file), "--yes").out
    with transaction(deployment, write=True) as connection:
        leased = change_log.ChangeInfo("changed", "reconciler", "leased", 5)
        assert queries.lease_address(connection, "cam-01", Address("10.20.0.99", 24, "10.20.0.1"), leased)
    assert "10.20.0.99/24 via 10.20.0.1 (dhcp)" in run("decky", "list").out
    again = tmp_path / "again.toml"
    again.write_text(run("deploy", "--export").out)
    assert again.read_text().count('addresses = ["dhcp"]') == 2
    assert run("deploy", str(again), "--yes").out.startswith("nothing to do")
    assert rows(deployment)["cam-01"].addresses[0].address == "10.20.0.99"
    run("decky", "change", "cam-01", "--address", "10.20.0.70")
    assert (rows(deployment)["cam-01"].dhcp, rows(deployment)["cam-01"].addresses[0].address) == (False, "10.20.0.70")
    run("decky", "change", "cam-01", "--address", "dhcp")
    assert (rows(deployment)["cam-01"].dhcp, rows(deployment)["cam-01"].addresses) == (True, ())


def test_deckies_exchange_their_addresses_and_take_those_of_removed_ones(
    run: Run, deployment: Deployment, document: Path
) -> None:
    run("deploy", str(document), "--yes")
    with transaction(deployment, write=True) as connection:
        for one in queries.deckies(connection):
            running(connection, one)
    tables = [
        f'[[decky]]\nname = "{name}"\npersona = "nas"\nruntime = "netns"\ninterface = "eth0"\naddress = "{address}"\n'
        for name, address in (("shop-01", "10.20.0.51"), ("shop-02", "10.20.0.50"), ("new", "10.20.0.60"))
    ]
    document.write_text("\n".join(tables))
    assert run("deploy", str(document), "--yes").code == 0
    found = {name: one.addresses[0].address for name, one in rows(deployment).items()}
    assert found == {"shop-01": "10.20.0.51", "shop-02": "10.20.0.50", "new": "10.20.0.60"}
    document.write_text(tables[0].replace("10.20.0.51", "10.20.0.52"))
    assert run("deploy", str(document), "--yes").code == 0, "of one that waits for its removal"


def test_every_reason_is_told_with_its_line_and_nothing_is_written(
    run: Run, deployment: Deployment, document: Path
) -> None:
    document.write_text(DOCUMENT.replace('"nas"', '"moon"').replace("10.20.0.50", "10.20.9.50"))
    said = run("deploy", str(document), "--yes")
    assert said.code == 1
    assert said.err.count(f"{document}:6: decky shop-0") == 3
    assert f"{document}:12: decky box: there is no persona 'moon'" in said.err
    assert rows(deployment) == {}


def test_two_operators_at_once_do_not_overwrite_each_other(
    run: Run, deployment: Deployment, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("deploy", str(document), "--yes")
    document.write_text(DOCUMENT.replace("http = 8080", "http = 8081"))

    done: list[str] = []

    def other_one() -> HostNetwork:
        if done:
            return HOST
        done.append("changed")
        with transaction(deployment, write=True) as connection:
            box = queries.decky_named(connection, "box")
            assert box is not None
            changed = msgspec.structs.replace(box, host_name="other")
            queries.write_decky(connection, changed, change_log.ChangeInfo("changed", "ana", "", 1))
        return HOST

    monkeypatch.setattr(host_network, "look", other_one)
    said = run("deploy", str(document), "--yes")
    assert (said.code, "has been changed meanwhile" in said.err) == (1, True)
    assert rows(deployment)["box"].services[0].port == 8080


def test_a_persona_that_is_described_anew_changes_the_deckies_that_play_it(
    run: Run, deployment: Deployment, tmp_path: Path
) -> None:
    folder = tmp_path / "personas"
    folder.mkdir()
    settings = tmp_path / "decnet.toml"
    settings.write_text(f'[decoys]\npersonas_dir = "{folder}"\n')
    (folder / "shop.toml").write_text(SHOP)
    added = ("--settings", str(settings), "decky", "add", "shop-1", "--address", "127.77.0.30", "--persona", "shop")
    assert run(*added).code == 0
    (folder / "shop.toml").write_text(SHOP.replace("Apache/2.4", "Apache/2.5"))
    said = run("--settings", str(settings), "decky", "change", "shop-1", "--host-name", "shop")
    assert "persona: shop as stored -> shop as described now" in said.out
    with transaction(deployment) as connection:
        stored = realism.persona_named(connection, "shop")
    assert stored is not None
    assert (stored.version, stored.body["services"]["http"]["server"]) == (2, "Apache/2.5")


SHOP = """
os = "Shop OS"
hostname = "shop"
[services.http]
flavour = "apache"
server = "Apache/2.4"
modified = 1700000000
[services.http.pages."/"]
body = "shop"
"""


def test_personas_are_listed_shown_and_checked(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    assert {one["name"] for one in run("persona", "list", "--json").document} >= {"debian-web", "nas", "ubuntu-db"}
    assert "summary = " in run("persona", "show", "nas").out
    assert run("persona", "show", "moon").code == 1
    file = tmp_path / "shop.toml"
    file.write_text(SHOP)
    assert run("persona", "check", str(file)).code == 0
    file.write_text(SHOP.replace('server = "Apache/2.4"', "server = 2"))
    said = run("persona", "check", str(file))
    assert (said.code, f"({file}): services.http.server: Expected `str`, got `int`" in said.err) == (1, True)


def hint(run: Run, document: Path, settings: Path, text: str) -> str:
    """Return what a plan is accompanied by, with these settings."""
    settings.write_text(text)
    return run("--settings", str(settings), "deploy", str(document), "--plan").err


def test_a_runtime_that_the_settings_exclude_is_told(
    run: Run, deployment: Deployment, document: Path, tmp_path: Path
) -> None:
    file = tmp_path / "decnet.toml"
    said = hint(run, document, file, '[reconciler]\nruntimes = ["loopback"]\n')
    assert "until [reconciler] runtimes has them as well: netns" in said
    assert hint(run, document, file, '[reconciler]\nruntimes = ["loopback", "netns"]\n') == ""


def test_a_runtime_that_nobody_named_is_as_the_fleet_is_hosted(
    run: Run, deployment: Deployment, document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "decnet.toml"
    for owner, expected in ((0, ""), (1000, "not opened without root: netns; run `decnet up` as root\n")):
        monkeypatch.setattr(excluded, "_owner", lambda _, uid=owner: uid)
        assert hint(run, document, file, "") == expected
    deployment.state.run.mkdir(exist_ok=True)
    deployment.state.run.chmod(0o1750)  # by `decnet init`
    assert "netns; then run `decnet init` again" in hint(run, document, file, "")


def test_name_of_a_decky_of_the_settings_is_refused_at_once(run: Run, deployment: Deployment) -> None:
    said = run("decky", "add", "web-01", "--persona", "nas", "--address", "127.77.0.9")
    assert (said.code, "decky web-01: the settings have a decky of that name" in said.err) == (1, True)
    assert rows(deployment) == {}


def test_the_list_says_why_a_decky_failed(run: Run, deployment: Deployment) -> None:
    assert run("decky", "add", "one", "--persona", "nas", "--address", "127.77.0.9").code == 0
    with transaction(deployment, write=True) as connection:
        failed = State("one", 0, "failed", 1, 1, (), "the port is taken", 1, 1)
        states.record_state(connection, failed, None)
    assert run("decky", "list").out.endswith("\none: the port is taken\n")


def test_deploying_tells_how_far_it_is_until_all_is_as_desired(
    run: Run, deployment: Deployment, document: Path
) -> None:
    late = run("deploy", str(document), "--yes", "--wait", "0")
    assert late.code == 1
    assert late.err.splitlines()[-7:] == [
        "0 of 4 deckies are as desired",
        "decnet: 4 deckies are not as desired after 0 s:",
        *(f"{name}: not looked at yet" for name in ("box", "shop-01", "shop-02", "shop-03")),
        "see decnet decky list, and decnet status",
    ]
    made = iter(rows(deployment).values())

    def look() -> list[tuple[Decky, State | None]]:
        """One more of them runs each time that it is looked at."""
        with transaction(deployment, write=True) as connection:
            found = states.all_states(connection)
            if (one := next(made, None)) is not None:
                running(connection, one)
        return found

    pauses: list[float] = []
    arrival.wait(600, look, pauses.append)
    assert pauses == [arrival.EVERY_SECONDS] * 4
    assert {state.phase for _, state in arrival.all_states() if state} == {"running"}
    said = run("deploy", str(document), "--yes", "--wait", "600")
    assert said.err.splitlines()[-1] == "4 of 4 deckies are as desired"
