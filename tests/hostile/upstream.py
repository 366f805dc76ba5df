"""A llama-server that misbehaves: answers that are cut, stalled, endless or absurd. Whatever it does, its client gets a
head that can be read and then what that head promises, or an end; and the next honest answer goes through."""
import concurrent.futures
import contextlib
import json
import re
import socket
import struct
import time

import attack

LIMIT_S = 40  # the limits below, in the queue as well, with time for a busy machine
ENDLESS_S = 1
MOST = 1 << 22  # bytes that a client reads of an answer without end
STATUS_LINE = re.compile(rb"HTTP/1\.1 [2-9]\d\d [^\x00-\x1f\x7f]*")
FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[^\x00-\x08\x0a-\x1f\x7f]*")
NUMBERS = ["-1", "0", "1e400", "-1e-400", "9223372036854775808", "18446744073709551616", "1" * 400, '"7"', "null", "[]", "{}",
           "1.5", "true", "2147483648", "-9223372036854775809", "NaN", "0x10", "01"]
TEXTS = ["hello", "\\ud800", "\\udc00\\ud800", "\\u0000", "If I recall correctly, ", "<|im_end|>", "[DONE]", "\\r\\n\\r\\ndata: x", "\xff"]
STATUSES = [b"HTTP/1.1 99 x", b"HTTP/1.1 1000 x", b"HTTP/1.1 -1 x", b"HTTP/9.9 200 OK", b"HTTP/1.0 200 OK", b"ICY 200 OK", b"HTTP/1.1 200",
            b"HTTP/1.1  200 OK", b"HTTP/1.1 OK", b"200 OK", b"", b"\x00\xff\xfe", b"HTTP/1.1 200 O\x00K", b"HTTP/1.1 200 " + b"k" * 70000,
            b"HTTP/1.1 204 No", b"HTTP/1.1 304 No", b"HTTP/1.1 101 Switching", b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/",
            b"HTTP/1.1 401 No", b"HTTP/1.1 429 Wait\r\nRetry-After: 99999999999", b"HTTP/1.1 503 Loading", b"HTTP/1.1 500 Oops", b"HTTP/1.1 599 ?"]
FIELDS = [b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Content-Length: 18446744073709551615",
          b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: x", b"Content-Encoding: gzip", b" folded",
          b"no colon", b": no name", b"Na me: v", b"X: \x00", b"X: \xff", b"X: " + b"v" * 70000, b"Connection: close", b"Connection: upgrade",
          b"Upgrade: h2c", b"Content-Type: text/html", b"Content-Type: application/json", b"Set-Cookie: a=b", b"X-Keep-Slot: 99",
          b"Content-Type: text/event-stream; charset=utf-16", b"Access-Control-Allow-Origin: *"]
INTERIM = [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Processing\r\nX: y\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
           b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"]


class Answer:
    """Bytes, what is repeated after them, and how the connection goes on."""

    def __init__(self, rng):
        self.head = [b"HTTP/1.1 200 OK", b"Content-Type: text/event-stream"]
        self.events = make_events(rng)
        self.chunked = rng.random() < 0.7
        self.interim, self.endless, self.then = b"", b"", rng.choice(["keep", "keep", "close"])
        self.bounded, self.uncut = False, False
        self.data = None
        for _ in range(rng.choice([1, 1, 2])):
            rng.choice([self.cut, self.cut, self.status, self.field, self.event, self.event, self.without_end, self.before, self.body,
                        self.chunk])(rng)
        if self.data is None:
            self.data = self.joined()
        if self.then == "cut":
            self.data = self.data[:rng.randrange(len(self.data) + 1)]
            self.then = rng.choice(["close", "reset", "stall", "drip"])

    def cut(self, _):
        self.then = "cut"

    def status(self, rng):
        self.head[0] = rng.choice(STATUSES)

    def field(self, rng):
        self.head.insert(rng.randrange(1, len(self.head) + 1), rng.choice(FIELDS))

    def event(self, rng):
        self.events[rng.randrange(len(self.events))] = bad_event(rng)

    def before(self, rng):
        self.interim = rng.choice(INTERIM) * rng.choice([1, 2, 5000])

    def body(self, rng):
        self.head[1] = rng.choice([b"Content-Type: application/json", b"Content-Type: text/html", self.head[1]])
        self.events = [rng.choice([b"<html>\xff", b"[" * 100000, b'{"error":' + b'{"error":' * 5000, b"x" * 5_000_000, b'{"error":{"code":1e99}}',
                                   b"null", b'"', b"\x00", b'{"choices":[{"message":null}]}', b'{"choices":7,"usage":[]}'])]

    def chunk(self, rng):
        size = rng.choice([b"ffffffffffffffff", b"-1", b"", b"g", b"5 ;", b"00000000000000000000005", b"7fffffff"])
        self.endless, self.bounded = b"", False
        self.data = self.framed(b"Transfer-Encoding: chunked") + size + b"\r\nhello\r\n0\r\n\r\n"

    def without_end(self, rng):
        # Events and comments may go on for ever, and so may a body; the rest has to be cut.
        self.endless, self.data, self.bounded = rng.choice([
            (b"X-Endless: " + b"v" * 999 + b"\r\n", b"HTTP/1.1 200 OK\r\n", True),
            (b"v" * 1000, b"HTTP/1.1 200 OK\r\nX: ", True),
            (b"HTTP/1.1 100 Continue\r\n\r\n" * 40, b"", True),
            (b"T: " + b"v" * 999 + b"\r\n", self.framed(b"Transfer-Encoding: chunked") + b"0\r\n", True),
            (b";e=" + b"v" * 999, self.framed(b"Transfer-Encoding: chunked") + b"5", True),
            (b"3e8\r\n" + b"v" * 1000 + b"\r\n", self.framed(b"Transfer-Encoding: chunked") + b"6\r\ndata: \r\n", False),
            (b": comment\n\n" * 99, self.framed(b"Connection: close"), False),
            (make_events(rng)[0], self.framed(b"Connection: close"), False)])

    def framed(self, field):
        return b"\r\n".join([*self.head, field, b"", b""])

    def joined(self):
        body = b"".join(self.events)
        if not self.chunked:
            return self.interim + self.framed(b"Content-Length: %d" % len(body)) + body
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(e), e) for e in self.events if e)
        return self.interim + self.framed(b"Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n"


def make_events(rng):
    text = [{"choices": [{"index": 0, "delta": {"content": f"word{i} "}, "finish_reason": None}]} for i in range(rng.randrange(1, 6))]
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}}
    return [b"data: %b\n\n" % json.dumps(event).encode() for event in [*text, last]] + [b"data: [DONE]\n\n"]


def bad_event(rng):
    number, text = rng.choice(NUMBERS), rng.choice(TEXTS)
    shapes = ['{"choices":[{"index":%n,"delta":{"content":"%t"},"finish_reason":null}]}', '{"choices":[{"index":0,"delta":{"content":%n}}]}',
              '{"choices":[],"usage":{"prompt_tokens":%n,"completion_tokens":%n,"prompt_tokens_details":{"cached_tokens":%n}}}',
              '{"choices":[{"index":0,"delta":{},"finish_reason":"%t"}],"timings":{"prompt_n":%n,"cache_n":%n,"prompt_ms":%n,"predicted_n":%n}}',
              '{"content":"%t","stop":%n,"id_slot":%n,"tokens_evaluated":%n}', '{"error":{"code":%n,"message":"%t","type":%n}}', '%n', '"%t"',
              '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":%n,"id":%n,"function":{"name":"%t","arguments":"%t"}}]}}]}',
              '{"choices":[{"index":0,"logprobs":%n,"delta":{"reasoning_content":"%t","role":%n}}],"id":%n,"model":%n,"created":%n}',
              "[" * 3000, '{"a":' * 3000, "", "{", "[DONE]", '{"choices":[' + "{}," * 9999 + "{}]}", '{"choices":{"0":%n}}']
    event = rng.choice(shapes).replace("%n", number).replace("%t", text).encode("latin-1")
    return rng.choice([b"data: %b\n\n", b"data: %b\n\n", b"data:%b\r\n\r\n", b"event: error\ndata: %b\n\n", b"id: \x00\ndata: %b\n\n",
                       b"\xef\xbb\xbfdata: %b\r\r", b"error: %b\n\n", b"%b"]).replace(b"%b", event)


class Misbehaving(attack.Scripted):
    def __init__(self):
        super().__init__()
        self.answers = {}

    def reply(self, s, head, body):
        case = re.search(rb"(?i)\r\nx-case: (\d+)", head)
        if not case:
            return super().reply(s, head, body)
        answer = self.answers[int(case[1])]
        s.settimeout(LIMIT_S)
        s.sendall(answer.data)
        end, times = time.monotonic() + ENDLESS_S, 0
        while answer.endless and not answer.uncut:
            s.sendall(answer.endless * 64)
            times += 64
            # What may go on for ever need not do so here.
            answer.uncut = time.monotonic() > end if answer.bounded else times * len(answer.endless) > 1 << 17
        if answer.endless:
            raise OSError("enough")
        if answer.then == "drip":  # for longer than any limit
            for _ in range(20):
                s.sendall(b"v")
                time.sleep(0.1)
        if answer.then == "stall":
            s.recv(1)  # until the proxy has had enough
        if answer.then == "reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if answer.then != "keep":
            raise OSError("closed")
        return None


def ask(rng):
    """-> path and body of what a client asks"""
    said, stream = [{"role": "user", "content": f"question {rng.randrange(1 << 40)}"}], rng.choice([True, False])
    return rng.choice([("/v1/chat/completions", {"messages": said, "stream": stream}), ("/v1/messages", {"messages": said, "stream": stream,
                       "max_tokens": 9}), ("/v1/responses", {"input": said, "stream": stream}), ("/completion", {"prompt": "p", "stream": stream}),
                       ("/p/other", {})])


def read(s):
    """-> what is wrong with the answer, or None. An answer may be left when much of it has come."""
    data, end, closed = b"", time.monotonic() + LIMIT_S, False
    while time.monotonic() < end and len(data) < MOST and not closed and not (len(data) < 1 << 16 and is_whole(data)):
        s.settimeout(max(0.01, end - time.monotonic()))
        try:
            more = s.recv(1 << 18)
        except OSError as e:
            more, closed = b"", not isinstance(e, TimeoutError)
        else:
            closed = not more
        data += more
    head, found, body = data.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    if not found or not STATUS_LINE.fullmatch(line) or not all(FIELD.fullmatch(f) for f in fields):
        return f"no head that can be read, {'closed' if closed else 'open'}: {data[:300]!r}"
    goes_on = len(body) > 1 << 14  # something still comes
    return None if closed or goes_on or is_whole(data) else f"open after {LIMIT_S} s: {data[:300]!r}"


def is_whole(data):
    head, found, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if length:
        return len(body) >= int(length[1])
    return bool(found) and (body.endswith(b"0\r\n\r\n") or head[9:12] in (b"204", b"304"))


class Upstream(attack.Campaign):
    __doc__ = __doc__
    NAME = "upstream"
    CASES = 300
    BATCH = 100
    RSS_MB = 128
    KEEP_FLAGS = ("--timeouts.first_event", "1", "--timeouts.between_events", "1", "--timeouts.write", "2", "--log.level", "error")

    def make_upstream(self):
        return Misbehaving()

    def batch(self, target, rng, first, count):
        cases = [(first + i, *ask(rng)) for i in range(count)]
        target.upstream.answers = {first + i: Answer(rng) for i in range(count)}
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            faults = list(pool.map(lambda case: self.ask(target, *case), cases))
        target.upstream.take_seen()
        uncut = [n for n, answer in target.upstream.answers.items() if answer.bounded and answer.uncut]
        failures = [f"case {n}: the proxy read on for {ENDLESS_S} s" for n in uncut]
        for (number, path, _), fault in zip(cases, faults):
            if fault:
                answer = target.upstream.answers[number]
                failures.append(f"case {number} {path}: {fault} of {answer.data[:300]!r}, {answer.endless[:30]!r}, then {answer.then}")
        return failures + self.honest(target)

    def ask(self, target, number, path, body):
        data = json.dumps(body).encode()
        with target.keep.connect() as s:
            s.sendall(b"POST %b HTTP/1.1\r\nHost: keep\r\nX-Case: %d\r\nContent-Length: %d\r\n\r\n%b"
                      % (path.encode(), number, len(data), data))
            return read(s)

    def honest(self, target):
        with contextlib.suppress(OSError):
            status, _, text = target.keep.request("POST", "/p/honest", {}, timeout=5 * attack.PATIENCE_S)
            if (status, text) == (200, "seen"):
                return []
        return ["an honest answer did not go through"]


if __name__ == "__main__":
    attack.run(Upstream())
