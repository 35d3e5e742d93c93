"""One request to a server at a time: just enough of the Redis protocol, and of etcd's JSON gateway."""

import base64
import http.client
import json
import socket


class ServerError(Exception):
    """An error that the server answered with."""


def resp_request(*words):
    encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(
        b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded
    )


def read_resp_reply(stream):
    """A reply of RESP2 from a binary stream: bytes, int, list or None; raises ServerError for an
    error and ConnectionError when the stream ends."""
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the connection was closed")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest
    if kind == b"-":
        raise ServerError(rest.decode(errors="replace"))
    if kind == b":":
        return int(rest)
    if kind == b"$":
        if rest == b"-1":
            return None
        body = stream.read(int(rest) + 2)
        if len(body) != int(rest) + 2:
            raise ConnectionError("the connection was closed")
        return body[:-2]
    if kind == b"*":
        return None if rest == b"-1" else [read_resp_reply(stream) for _ in range(int(rest))]
    raise ServerError(f"not a reply: {line!r}")


def resp_call(port, *words, timeout=2):
    """Connects to 127.0.0.1, asks, returns the reply."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(resp_request(*words))
        with connection.makefile("rb") as stream:
            return read_resp_reply(stream)


def _base64(text):
    return base64.b64encode(text.encode()).decode()


def etcd_put_body(key, value):
    return json.dumps({"key": _base64(key), "value": _base64(value)}).encode()


def etcd_call(port, path, body=b"{}", timeout=2):
    """POST to the JSON gateway of 127.0.0.1; returns the decoded answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", path, body)
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise ServerError(text.decode(errors="replace"))
        return json.loads(text)
    except http.client.HTTPException as error:
        raise ConnectionError(repr(error)) from error
    finally:
        connection.close()
