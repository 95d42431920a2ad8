# SPDX-License-Identifier: MIT
"""`decnet webhook`: receivers of notices, their secrets, deliveries and their retries."""

from decnet.cli.options import application
from decnet.webhook import deliveries, receivers, secrets

app = application("Webhooks: notices, sent to chat programs, pagers, SIEMs, mail or your own programs.")

app.command()(receivers.add)
app.command()(receivers.edit)
app.command()(receivers.formats)
app.command(name="list")(receivers.list_)
app.command()(receivers.remove)
app.command()(secrets.secret)
app.command()(secrets.rotate)
app.command()(receivers.enable)
app.command(name="test")(deliveries.try_out)
app.command()(deliveries.deliveries)
app.command()(deliveries.replay)
