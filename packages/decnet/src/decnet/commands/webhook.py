# SPDX-License-Identifier: MIT
"""`decnet webhook`: receivers of notices, their secrets, deliveries and their retries."""

from decnet.cli.commands import RecordedCommand
from decnet.cli.options import application
from decnet.webhook import deliveries, receivers, secrets

app = application("Webhooks: notices, sent to chat programs, pagers, SIEMs, mail or your own programs.")

app.command(cls=RecordedCommand)(receivers.add)
app.command(cls=RecordedCommand)(receivers.edit)
app.command()(receivers.formats)
app.command(name="list")(receivers.list_)
app.command(cls=RecordedCommand)(receivers.remove)
app.command(cls=RecordedCommand)(secrets.secret)
app.command(cls=RecordedCommand)(secrets.rotate)
app.command(cls=RecordedCommand)(receivers.enable)
app.command(name="test", cls=RecordedCommand)(deliveries.try_out)
app.command()(deliveries.deliveries)
app.command(cls=RecordedCommand)(deliveries.replay)
