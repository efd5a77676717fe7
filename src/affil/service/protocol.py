"""HTTP/1.1 as clients of Java speak it: they offer another protocol along with a request."""

from __future__ import annotations

from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from affil.service.routing import errors


class Protocol(HttpToolsProtocol):
    """Answers a request that offers an upgrade as if it did not, which RFC 9110 (7.8) allows.

    Java's own client offers `h2c`, Apache's, with which OpenRefine fetches addresses, `TLS/1.2`. httptools ends its work at the head
    of such a request: the body, and whatever follows on the connection, would be lost.
    """

    def data_received(self, data: bytes) -> None:
        """Parse what came; behind a head with an offer a new parser begins with that head, without the offer."""
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as stopped:
                if self.parser.get_method() == b"CONNECT":  # asks for a tunnel, whether it offers anything or not
                    self._refuse()
                    return
                data = self._head() + data[stopped.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
            except httptools.HttpParserError:
                self._refuse()
                return

    def _refuse(self) -> None:
        told = "Invalid HTTP request received."
        self.logger.warning(told)
        self.send_400_response(told)

    def _head(self) -> bytes:
        lines = [b"%s %s HTTP/1.1" % (self.parser.get_method(), self.url)]
        lines += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if app is service_unavailable:  # uvicorn's own answer is no JSON
            app = errors(503, "too many connections; try again in a moment")
            app.headers["connection"] = "close"
        super()._start_asgi_task(cycle, app)

    def on_headers_complete(self) -> None:
        """Begin with the request, unless its head is to be read again."""
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the request, unless its head is to be read again."""
        if not self.parser.should_upgrade():
            super().on_message_complete()
