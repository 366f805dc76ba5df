"""The least HTTP client that a test needs: whole replies, and event streams that can be left."""
import dataclasses
import functools
import http.client
import json
import socket


@dataclasses.dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @functools.cached_property
    def json(self):
        return json.loads(self.body)


def request(port, method, path, body=None, headers=None, timeout=60):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def get(port, path, **options):
    return request(port, "GET", path, **options)


def post(port, path, body, headers=None):
    return request(port, "POST", path, json.dumps(body), headers)


class Stream:
    """A request whose answer is read event by event, or not at all."""

    def __init__(self, port, path, body, headers=None, stream=True, timeout=60):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.connection.request("POST", path, json.dumps({**body, "stream": stream}),
                                {"Content-Type": "application/json", **(headers or {})})

    @functools.cached_property
    def head(self):
        """The response; waits for its first line."""
        return self.connection.getresponse()

    def __iter__(self):
        """The JSON of each event, up to the end mark."""
        for line in self.head:
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])

    def text(self):
        """All that is still to come, as text."""
        return "".join(choice["delta"].get("content") or ""
                       for event in self for choice in event.get("choices", []))

    def close(self):
        sock = self.connection.sock
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)
        self.connection.close()
        if "head" in self.__dict__:
            self.head.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
