"""Requests whose framing is damaged at random, several on a connection. What reaches upstream must be
what a strict reading of the client's bytes finds, in that order, and each of it answered."""
import concurrent.futures
import re
import time

import attack

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([^\x00-\x20\x7f]+) HTTP/(1\.[01])")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*((?:[^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?)[ \t]*")
HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+,;=-]*)(?::[0-9]{0,5})?")
CHUNK = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")

LENGTHS = [b"+%d", b"-%d", b"%d, %d", b"0x%x", b"0%d", b"%d ", b"\t%d", b"%d.0", b"", b"%d;", b"1%d", b"\x0b%d"]
CODINGS = [b"chunked", b"Chunked", b" chunked", b"\tchunked", b"\x0bchunked", b"chunked ", b"xchunked", b"chunked, chunked",
           b"gzip, chunked", b"chunked, identity", b"identity", b"gzip", b"", b"\"chunked\"", b"chunked;q=1", b"chunk\x00ed"]
NAMES = [b"%s ", b" %s", b"%s\t", b"\x00%s", b"X-%s", b"%s\r\n ", b"%s\x0b"]
SIZES = [b"0x%x", b" %x", b"%x ", b"-%x", b"+%x", b"0%x", b"1000000000000000%x", b"%x;a=b", b"%x;a=\"\r\n\"", b"%x\n", b"%xg", b"",
         b"%x;" + b"e" * 300]
TRAILERS = [b"X-Trailer: 1", b"Authorization: Bearer k", b"Host: other", b"Content-Length: 3", b"Transfer-Encoding: chunked",
            b"Connection: close", b" folded", b"bad trailer", b"X-Conversation-Id: stolen"]
ENDS = [b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n\r\n", b" \r\n", b"\r\n\t"]
PREFIXES = [b"http://keep", b"http://KEEP:80", b"http://other", b"https://keep", b"http:///", b"*", b"keep:80", b"http://keep@other"]


class Request:
    """In parts, each of which can be damaged."""

    def __init__(self, rng, name, last):
        self.method = rng.choice([b"GET", b"POST", b"POST", b"PUT"])
        self.target = b"/p/" + name
        self.body = b"" if self.method == b"GET" else rng.choice(
            [b"", b"abc", b"x" * 3000, b"GET /smuggled HTTP/1.1\r\nHost: keep\r\n\r\n", b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: keep\r\n\r\n"])
        self.fields = [(b"Host", b"keep"), (b"X-Case", name)]
        self.chunks = None
        self.trailers = []
        if self.method != b"GET" and rng.random() < 0.5:
            self.fields.append((b"Transfer-Encoding", b"chunked"))
            self.chunks = cut(rng, self.body)
        elif self.method != b"GET":
            self.fields.append((b"Content-Length", b"%d" % len(self.body)))
        if last:
            self.fields.append((b"Connection", b"close"))
        self.sizes = {}
        self.end = b"\r\n"
        self.end_at = -1

    def damage(self, rng):
        rng.choice([self.length, self.coding, self.name, self.size, self.trailer, self.line_end, self.both,
                    self.target_form, self.double, self.host])(rng)

    def length(self, rng):
        text = rng.choice([*LENGTHS, b"%d" % max(0, len(self.body) - 1), b"%d" % (len(self.body) + 7)])
        self.set(b"Content-Length", text.replace(b"%d", b"%d" % len(self.body)).replace(b"%x", b"%x" % len(self.body)))

    def coding(self, rng):
        self.set(b"Transfer-Encoding", rng.choice(CODINGS))

    def name(self, rng):
        at = rng.randrange(len(self.fields))
        name, value = self.fields[at]
        self.fields[at] = (rng.choice(NAMES).replace(b"%s", name), value)

    def size(self, rng):
        self.sizes[rng.randrange(4)] = rng.choice(SIZES)

    def trailer(self, rng):
        self.trailers += rng.choices(TRAILERS, k=rng.choice([1, 2, 50]))

    def line_end(self, rng):
        self.end, self.end_at = rng.choice(ENDS), rng.randrange(8)

    def both(self, rng):
        self.fields.append((b"Content-Length", b"%d" % len(self.body)))
        self.fields.append((b"Transfer-Encoding", b"chunked"))
        rng.shuffle(self.fields)

    def target_form(self, rng):
        self.target = rng.choice(PREFIXES) + self.target

    def double(self, rng):
        self.fields.append(rng.choice(self.fields))

    def host(self, rng):
        self.fields = [f for f in self.fields if f[0] != b"Host"]
        if rng.random() < 0.7:
            self.fields.append((b"Host", rng.choice([b"a b", b"a/b", b"u@a", b"", b"keep:x", b"[::1", b"other"])))

    def set(self, name, value):
        self.fields = [f for f in self.fields if f[0] != name] + [(name, value)]

    def bytes(self):
        lines = [self.method + b" " + self.target + b" HTTP/1.1", *(n + b": " + v for n, v in self.fields), b""]
        if self.chunks is None:
            return self.joined(lines) + self.body
        for at, chunk in enumerate(self.chunks):
            lines += [self.sizes.get(at, b"%x").replace(b"%x", b"%x" % len(chunk)), chunk]
        return self.joined([*lines, self.sizes.get(3, b"%x").replace(b"%x", b"0"), *self.trailers, b""])

    def joined(self, lines):
        return b"".join(line + (self.end if at == self.end_at else b"\r\n") for at, line in enumerate(lines))


def cut(rng, body):
    if not body:
        return []
    at = sorted({0, rng.randrange(len(body)), rng.randrange(len(body)), len(body)})
    return [body[a:b] for a, b in zip(at, at[1:])]


def stream(rng, case):
    """-> the bytes of one connection"""
    count = rng.randrange(1, 5)
    requests = [Request(rng, b"c%d-%d" % (case, i), i == count - 1) for i in range(count)]
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        rng.choice(requests).damage(rng)
    data = b"".join(r.bytes() for r in requests)
    if rng.random() < 0.2:  # a byte anywhere
        at = rng.randrange(len(data))
        data = data[:at] + rng.choice([b"", bytes([rng.randrange(256)]), b"\x00", b"\r\n"]) + data[at + rng.randrange(2):]
    return data


def strictly_read(data):
    """-> what an exact reader finds: (method, target, body) up to the first thing it would not take"""
    found = []
    while True:
        head, sep, rest = data.partition(b"\r\n\r\n")
        line, *lines = head.split(b"\r\n")
        asked = REQUEST_LINE.fullmatch(line)
        fields = [FIELD.fullmatch(text) for text in lines]
        if not sep or not asked or not all(fields):
            return found
        method, target, version = asked.groups()
        values = {}
        for field in fields:
            values.setdefault(field[1].lower(), []).append(field[2])
        target = strict_target(target, values.get(b"host", []), version)
        read = strict_body(values, rest, version)
        if target is None or read is None or method in (b"CONNECT", b"TRACE"):
            return found
        body, data = read
        found.append((method, target, body))


def strict_target(target, hosts, version):
    if len(hosts) > 1 or (not hosts and version == b"1.1") or not all(HOST.fullmatch(h) for h in hosts):
        return None
    if target.lower().startswith(b"http://"):
        authority, slash, path = target[7:].partition(b"/")
        place = authority.lower().removesuffix(b":80")
        if not place or not HOST.fullmatch(authority) or any(place != h.lower().removesuffix(b":80") for h in hosts):
            return None
        return slash + path or b"/"
    return target if target.startswith(b"/") else None


def strict_body(values, data, version):
    """-> body and rest, or None"""
    lengths, codings = values.get(b"content-length", []), values.get(b"transfer-encoding", [])
    if codings:
        chunked = len(codings) == 1 and codings[0].lower() == b"chunked" and not lengths and version == b"1.1"
        return strict_chunks(data) if chunked else None
    if not lengths:
        return b"", data
    if len(lengths) > 1 or not re.fullmatch(rb"[0-9]+", lengths[0]) or len(data) < int(lengths[0]):
        return None
    return data[:int(lengths[0])], data[int(lengths[0]):]


def strict_chunks(data):
    body = b""
    while True:
        line, sep, data = data.partition(b"\r\n")
        size = CHUNK.fullmatch(line)
        if not sep or not size:
            return None
        size = int(size[1], 16)
        if size == 0:
            break
        if data[size:size + 2] != b"\r\n":
            return None
        body, data = body + data[:size], data[size + 2:]
    while not data.startswith(b"\r\n"):
        line, sep, data = data.partition(b"\r\n")
        if not sep or not FIELD.fullmatch(line):
            return None
    return body, data[2:]


def send(target, data, cuts):
    """-> statuses, and whether the proxy closed the connection"""
    with target.keep.connect() as s:
        try:
            for at, until in zip([0, *cuts], [*cuts, len(data)]):
                s.sendall(data[at:until])
                if cuts:
                    time.sleep(0.002)
        except OSError:
            pass  # it has had enough; what it said can still be read
        return attack.read_statuses(s, 8)


class Framing(attack.Campaign):
    __doc__ = __doc__
    NAME = "framing"
    CASES = 2000
    BATCH = 200
    KEEP_FLAGS = ("--timeouts.head", "1", "--timeouts.body", "1", "--timeouts.idle", "2", "--log.level", "error")

    def batch(self, target, rng, first, count):
        streams = [stream(rng, first + i) for i in range(count)]
        cuts = [sorted(rng.sample(range(len(d)), rng.choice([0, 0, 1, 5]) % len(d))) for d in streams]
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            replies = list(pool.map(lambda at: send(target, streams[at], cuts[at]), range(count)))
        allowed = {}
        for at, data in enumerate(streams):
            for order, request in enumerate(strictly_read(data)):
                allowed[request] = (at, order)
        return self.judge(first, streams, replies, allowed, target.upstream.take_seen())

    def judge(self, first, streams, replies, allowed, seen):
        failures = []
        orders = {}
        for method, path, head, body in seen:
            known = allowed.get((method, path, body))
            if known is None:
                failures.append(f"upstream saw {head!r} with {body[:80]!r}, which nobody asked")
            else:
                orders.setdefault(known[0], []).append(known[1])
            if re.search(rb"(?i)\r\n(transfer-encoding|x-trailer|x-conversation-id|authorization):", head):
                failures.append(f"upstream saw a field that was no header: {head!r}")
        for at, (statuses, closed) in enumerate(replies):
            order = orders.get(at, [])
            if not closed:
                failures.append(f"case {first + at}: left open after {statuses}: {streams[at]!r}")
            if order != sorted(set(order)) or len(order) > len(statuses):
                failures.append(f"case {first + at}: {order} seen, {statuses} answered: {streams[at]!r}")
        return failures


if __name__ == "__main__":
    attack.run(Framing())
