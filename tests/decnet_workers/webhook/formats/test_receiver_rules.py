# SPDX-License-Identifier: MIT
"""What receivers accept, by their documentation: sizes, and that no text of an attacker means anything to them."""

from __future__ import annotations

import html
import json
import re
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from typing import Any

import msgspec
import pytest
from tests.decnet_workers.webhook.formats.notices import MARKUP, access_for, each_shape, every_kind
from tests.decnet_workers.webhook.formats.published_shapes import ChatMessage, CloseAlert, CreateAlert, TeamsMessage

from decnet_core.syslog import Message, parse
from decnet_workers.webhook.formats.alert import Alert
from decnet_workers.webhook.formats.registry import FORMATS, format_for, load

NASTY = {
    "nothing": "",
    "markup": MARKUP * 6,
    "wide": "\U0001f600" * 1100,
    "punctuation": '&`\\"' * 300,
    "unprintable": "\n\0\x1b\u202e\x7f" * 220,
}


def body(name: str, alert: Alert) -> Any:
    form = load(name)
    return json.loads(form.body(alert, access_for(form)))


def texts(document: Any) -> list[str]:
    """Return all that is text in a document."""
    if isinstance(document, dict):
        return [found for value in document.values() for found in texts(value)]
    if isinstance(document, list):
        return [found for value in document for found in texts(value)]
    return [document] if isinstance(document, str) else []


def check_slack(alert: Alert) -> None:
    message = body("slack", alert)
    assert not re.search(r"[<>]", message["text"])
    assert message["mrkdwn"] is False
    (block,) = message["blocks"]
    assert block["type"] == "rich_text"
    leaves = [leaf for element in block["elements"] for leaf in element["elements"]]
    assert {leaf["type"] for leaf in leaves} == {"text"}, "nothing but text: no link, user or broadcast"
    assert sum(len(json.dumps(leaf, ensure_ascii=False)) for leaf in leaves) < 13_000


def check_discord(alert: Alert) -> None:
    message = body("discord", alert)
    assert message["allowed_mentions"] == {"parse": []}
    (embed,) = message["embeds"]
    assert len(embed["title"]) <= 256
    assert len(embed["description"]) <= 4096
    assert len(embed["fields"]) <= 25
    parts = [embed["title"], embed["description"], embed["footer"]["text"]]
    for field in embed["fields"]:
        assert 0 < len(field["name"]) <= 256
        assert 0 < len(field["value"]) <= 1024
        parts += [field["name"], field["value"]]
    assert sum(map(len, parts)) <= 6000
    for text in parts[:2] + [field["value"] for field in embed["fields"]]:
        assert re.fullmatch(r"(\\[!-~]|[^!-/:-@\[-`{-~])*", text), "punctuation stands behind a backslash"


def check_teams(alert: Alert) -> None:
    form = load("teams")
    made = form.body(alert, access_for(form))
    assert len(made) <= 28_000
    msgspec.json.decode(made, type=TeamsMessage)
    card = json.loads(made)["attachments"][0]["content"]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert {run["type"] for block in card["body"] for run in block["inlines"]} == {"TextRun"}


def check_mattermost(alert: Alert) -> None:
    (attachment,) = body("mattermost", alert)["attachments"]
    parts = [attachment["title"], attachment["text"], *texts(attachment["fields"])]
    assert sum(map(len, parts)) <= 4000
    for text in parts:
        assert not re.search(r"@(?!\u200b)", text)
        assert not re.search(r"https?:", text)
        assert re.fullmatch(r"(\\.|[^\\`*_\[\]<>~|#])*", text, re.DOTALL)


def check_google_chat(alert: Alert) -> None:
    form = load("google-chat")
    made = form.body(alert, access_for(form))
    assert len(made) <= 32_000
    msgspec.json.decode(made, type=ChatMessage)
    assert not [text for text in texts(json.loads(made)) if re.search(r"[<>]", text)]


def check_telegram(alert: Alert) -> None:
    text = body("telegram", alert)["text"]
    assert set(re.findall(r"<[^>]*>", text)) <= {"<b>", "</b>", "<code>", "</code>"}
    shown = html.unescape(re.sub(r"<[^>]*>", "", text))
    assert len(shown.encode("utf-16-le")) // 2 <= 4096
    assert text.count("<code>") == text.count("</code>")


def check_ntfy(alert: Alert) -> None:
    message = body("ntfy", alert)
    assert len(message["message"].encode()) <= 4096
    assert "markdown" not in message
    assert 1 <= message["priority"] <= 5


def check_pagerduty(alert: Alert) -> None:
    event = body("pagerduty", alert)
    assert event["event_action"] in {"trigger", "resolve"}
    assert 0 < len(event["dedup_key"]) <= 255
    assert 0 < len(event["payload"]["summary"]) <= 1024
    assert event["payload"]["severity"] in {"critical", "error", "warning", "info"}
    assert event["payload"]["source"]


def check_opsgenie(alert: Alert) -> None:
    made = body("opsgenie", alert)
    if alert.ends:
        assert msgspec.convert(made, CloseAlert).note
        return
    created = msgspec.convert(made, CreateAlert)
    assert created.alias
    assert sum(len(key) + len(value) for key, value in created.details.items()) <= 8000


def check_cef(alert: Alert) -> None:
    form = load("cef")
    line = form.body(alert, access_for(form)).decode()
    head = re.match(r"CEF:0((?:\|(?:\\.|[^|\\])*){6})\|(.*)", line, re.DOTALL)
    assert head
    assert len(re.findall(r"\|(?:\\.|[^|\\])*", head[1])) == 6
    known = ("rt", "externalId", "cat", "src", "c6a2", "c6a2Label", "duser", "dhost", "app", "request", "msg")
    custom = [f"cs{number}{label}" for number in range(1, 7) for label in ("", "Label")]
    keys = re.findall(r"(?:^| )([A-Za-z0-9]+)(?<!\\)=", re.sub(r"\\.", "..", head[2]))
    assert len(keys) == len(set(keys))
    assert set(keys) <= {*known, *custom}
    assert set(keys) <= {
        "rt",
        "externalId",
        "cat",
        "src",
        "c6a2",
        "c6a2Label",
        "duser",
        "dhost",
        "app",
        "request",
        "msg",
    } | {f"cs{number}{label}" for number in range(1, 7) for label in ("", "Label")}


def check_syslog(alert: Alert) -> None:
    form = load("syslog")
    made = form.body(alert, access_for(form))
    read = parse(b"<113>1 - host decnet - - " + made, 0, limit=100_000)
    assert isinstance(read, Message)
    assert list(read.structured) == ["decnet@32473"]
    assert read.structured["decnet@32473"]["id"] == alert.id
    assert read.message.startswith(alert.title)


def check_mail(alert: Alert) -> None:
    form = load("mail")
    made = form.body(alert, access_for(form))
    assert max(map(len, made.split(b"\r\n"))) <= 998
    assert b"\n" not in made.replace(b"\r\n", b"")
    message = BytesParser(EmailMessage, policy=SMTP).parsebytes(made)
    known = "Auto-Submitted Content-Type Date From MIME-Version Message-ID Subject To X-DECNET-Kind"
    assert sorted(message.keys()) == known.split()
    plain, page = (part.get_content() for part in message.iter_parts())
    assert alert.title in plain
    tags = set(re.findall(r"<(/?\w+)", page))
    assert {tag.strip("/") for tag in tags} <= {"html", "body", "h3", "pre", "table", "tr", "td"}


def check_misp(alert: Alert) -> None:
    event = body("misp", alert)["Event"]
    assert 0 < len(event["info"]) <= 65_535
    assert all(attribute["value"] for attribute in event["Attribute"])


def check_thehive(alert: Alert) -> None:
    made = body("thehive", alert)
    assert made["description"].count("```") == 2
    assert 1 <= made["severity"] <= 4
    assert 0 < len(made["title"]) <= 512
    assert 0 < len(made["sourceRef"]) <= 128
    assert all(one["data"] for one in made["observables"])


CHECKS = {name.removeprefix("check_").replace("_", "-"): found for name, found in globals().items() if "check_" in name}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_no_text_breaks_a_receivers_rules(name: str, text: str) -> None:
    form = load(name)
    for one in every_kind(text) if text == NASTY["markup"] else each_shape(text):
        made = form.body(one, access_for(form))
        assert len(made) < 512_000
        assert name == "mail" or made.decode().isprintable()
        if name in CHECKS:
            CHECKS[name](one)


def test_a_url_means_the_format_of_its_host() -> None:
    urls = {
        "https://hooks.slack.com/services/T/B/x": "slack",
        "https://discord.com/api/webhooks/1/x": "discord",
        "https://prod-1.westus.logic.azure.com/workflows/x": "teams",
        "https://logic.azure.com.evil.test/": "json",
        "https://example.org/": "json",
        "syslog+tls://log.example.org": "syslog",
        "smtp://mail.example.org": "mail",
        "file:alerts.log": "json",
    }
    assert {url: format_for(url) for url in urls} == urls
