# SPDX-License-Identifier: MIT
"""The HTTPS receiver: the same behind TLS. Loaded only where it is set, for it loads OpenSSL."""

import ssl

from decnet_core.canary import Slug, verify
from decnet_core.net.http_head import Head
from decnet_workers.canary.http import HttpConnection
from decnet_workers.canary.receiver import Receiver
from decnet_workers.canary.tls import Certificates, TlsChannel


class HttpsConnection(HttpConnection):
    """One client; its certificate, if our authority signed it, names a token, too."""

    def __init__(self, receiver: Receiver, certificates: Certificates) -> None:
        super().__init__(receiver)
        self._channel = TlsChannel(certificates.context())

    def data_received(self, data: bytes) -> None:
        try:
            said = self._channel.received(data)
        except ssl.SSLError:
            self.receiver.counters.add("tls_failures")
            self.transport.write(self._channel.to_send())
            self.transport.close()
            return
        if sent := self._channel.to_send():
            self.transport.write(sent)
        if said:
            super().data_received(said)

    def _write(self, data: bytes) -> None:
        self._channel.encrypt(data)
        self.transport.write(self._channel.to_send())

    def _token(self, head: Head) -> Slug | None:
        found = super()._token(head)
        return found if found is not None else verify(self.receiver.key, self._channel.client_name() or "")
