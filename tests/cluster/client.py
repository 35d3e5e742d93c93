"""A Redis client that knows what it does not know."""

import socket

import local_cluster  # noqa: F401  (it knows where `wire` is)
from wire import ServerError, read_resp_reply, resp_request


class Refused(Exception):
    """Certainly not executed."""


class Unknown(Exception):
    """Executed, or not, now or later."""


# Replies that mean that nothing was executed, by their first word or their end.
_NOT_EXECUTED = ("LOADING", "OOM", "MISCONF", "READONLY", "MASTERDOWN")


def says_not_executed(text):
    return text.endswith("nothing was executed") or text.split(" ")[0] in _NOT_EXECUTED


class Client:
    """One connection at a time. Not for several threads."""

    def __init__(self, timeout=4.0):
        self.timeout = timeout
        self.port = None
        self._socket = None
        self._stream = None

    def close(self):
        for part in (self._stream, self._socket):
            if part is not None:
                try:
                    part.close()
                except OSError:
                    pass
        self._socket = self._stream = None

    def connect(self, port):
        self.close()
        self.port = port

    def call(self, *words):
        if self._socket is None:
            try:
                self._socket = socket.create_connection(("127.0.0.1", self.port), self.timeout)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._stream = self._socket.makefile("rb")
            except OSError as error:
                self.close()
                raise Refused(str(error)) from None
        try:
            self._socket.sendall(resp_request(*words))
            return read_resp_reply(self._stream)
        except ServerError as error:
            if says_not_executed(str(error)):
                raise Refused(str(error)) from None
            raise
        except OSError as error:
            self.close()
            raise Unknown(str(error)) from None
