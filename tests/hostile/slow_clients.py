"""Clients that are slow, greedy or silent, many more at once than the proxy lets in. Nobody else may notice: after each
batch /health is asked while all of them are still there."""
import contextlib
import socket
import time

import attack

HEAD = b"POST /p HTTP/1.1\r\nHost: keep\r\n"
METRICS = b"GET /metrics HTTP/1.1\r\nHost: keep\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


class Client:
    """Sends what its kind says, as fast as it is taken or in small pieces, and reads nothing."""

    def __init__(self, rng, target):
        self.rng = rng
        self.kind = rng.choice(KINDS)
        self.ends = time.monotonic() + rng.uniform(0.5, 4)
        self.rest = b""
        self.socket = target.keep.connect()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self.source = self.kind(rng)

    def step(self):
        """-> False once it has left"""
        try:
            if time.monotonic() > self.ends:
                self.leave()
                return False
            for _ in range(4):
                self.rest = self.rest or next(self.source, b"")
                if not self.rest:
                    break
                self.rest = self.rest[self.socket.send(self.rest):]
        except BlockingIOError:
            pass
        except OSError:  # closed by the proxy: just what should happen
            self.socket.close()
            return False
        return True

    def leave(self):
        if self.rng.random() < 0.5:  # with a reset
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


def silent(_):
    return iter(())


def partial_head(rng):
    head = HEAD + b"Content-Length: 5\r\n\r\n"
    yield head[:rng.randrange(1, len(head) - 1)]


def dripping_head(_):
    yield HEAD
    yield from in_pieces(b"A: b\r\n" * 100)


def field_by_field(_):  # each read ends with the beginning of a field
    yield HEAD + b"A"
    while True:
        yield b": " + b"v" * 8000 + b"\r\nA"


def dripping_body(_):
    yield HEAD + b"Content-Length: 100000\r\n\r\n"
    yield from in_pieces(b"x" * 1000)


def endless_trailers(_):
    yield CHUNKED + b"0\r\n"
    while True:
        yield b"X-Trailer: " + b"v" * 4000 + b"\r\n"


def endless_extension(_):
    yield CHUNKED + b"1"
    while True:
        yield b";e=" + b"v" * 4000


def one_byte_chunks(_):
    yield CHUNKED
    while True:
        yield b"1;e=v\r\nx\r\n" * 300


def pipelined_metrics(_):
    for _ in range(200):
        yield METRICS * 20


def pipelined_errors(_):
    for _ in range(200):
        yield b"GET /v1/streams/%s HTTP/1.1\r\nHost: keep\r\n\r\n" % (b"e" * 4000)


def big_answer(_):
    yield b"GET /big/64 HTTP/1.1\r\nHost: keep\r\n\r\n"


def many_fields(_):
    yield HEAD + b"Connection: " + b"zz," * 9000 + b"\r\n" + b"qq:\r\n" * 4000 + b"Content-Length: 0\r\n\r\n"


def in_pieces(data):
    last = 0.0
    for at in range(len(data)):
        while time.monotonic() < last + 0.01:
            yield b""
        last = time.monotonic()
        yield data[at:at + 1]


# As many of those that ask for nothing as of all others.
KINDS = [silent, partial_head, dripping_head, silent, partial_head, dripping_head, silent, partial_head, dripping_head,
         field_by_field, dripping_body, endless_trailers, endless_extension, one_byte_chunks, pipelined_metrics,
         pipelined_errors, big_answer, many_fields]


class SlowClients(attack.Campaign):
    __doc__ = __doc__
    NAME = "slow_clients"
    CASES = 1500
    BATCH = 150
    CROWD = 600  # there at once
    HONEST = HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nhi"
    RSS_MB = 128
    KEEP_FLAGS = ("--listen.max_connections", "400", "--timeouts.head", "3", "--timeouts.body", "3",
                  "--timeouts.write", "3", "--log.level", "error")

    def __init__(self):
        self.crowd = []

    def batch(self, target, rng, first, count):
        for _ in range(count):
            try:
                self.crowd.append(Client(rng, target))
            except OSError as e:
                return [f"case {first}: cannot connect: {e!r}"]
            if len(self.crowd) % 20 == 0:
                self.step()
        end = time.monotonic() + 0.3
        while time.monotonic() < end or len(self.crowd) > self.CROWD:
            self.step()
        target.upstream.take_seen()
        return self.strangers(target)

    def step(self):
        self.crowd = [client for client in self.crowd if client.step()]
        time.sleep(0.001)

    def strangers(self, target):
        """An honest request goes through as well."""
        begun = time.monotonic()
        with contextlib.suppress(OSError), target.keep.connect(5 * attack.PATIENCE_S) as s:
            s.sendall(self.HONEST)
            statuses, _ = attack.read_statuses(s, 5 * attack.PATIENCE_S)
            if statuses == [200]:
                return []
        return [f"an honest request got no answer in {time.monotonic() - begun:.2f} s"]


if __name__ == "__main__":
    attack.run(SlowClients())
