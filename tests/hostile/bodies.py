"""Bodies that are damaged, absurd or packed to burst, on every path that reads them. Each is answered or refused as the client's fault,
never as ours."""
import concurrent.futures
import gzip
import json
import re
import zlib

import attack

MAX_BODY = 4 << 20
SAID = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"}, {"role": "assistant", "content": "yes"},
        {"role": "user", "content": [{"type": "text", "text": "and now?"}]}]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
PATHS = {
    "/v1/chat/completions": {"messages": SAID, "stream": True, "tools": TOOLS, "max_tokens": 9, "logit_bias": {"1": 2}},
    "/v1/chat/completions/input_tokens": {"messages": SAID},
    "/v1/completions": {"prompt": "once", "n_predict": 5, "response_fields": ["content"]},
    "/completion": {"prompt": ["once", 1, 2], "stream": True, "id_slot": 1, "cache_prompt": True},
    "/v1/messages": {"messages": SAID[1:], "system": [{"type": "text", "text": "s"}], "max_tokens": 9, "stream": True,
                     "tools": [{"name": "f", "input_schema": {"type": "object"}}], "metadata": {"user_id": "u_session_x"}},
    "/v1/messages/count_tokens": {"messages": SAID[1:]},
    "/v1/responses": {"input": [{"type": "message", "role": "user", "content": "hello"}, {"type": "item_reference", "id": "x"}],
                      "instructions": "i", "tools": [{"type": "custom", "name": "c"}], "stream": True},
    "/v1/responses/input_tokens": {"input": "hello"},
    "/v1/conversations/end": {"conversation_id": "one"},
    "/v1/conversations/list": {},
    "/v1/knowledge/store": {"topic": "t", "key": "k", "value": "v"},
    "/v1/knowledge/search": {"query": "what is k", "limit": 5},
}
VALUES = ["null", "true", "-0", "1e400", "-1e400", "1" * 5000, "0." + "3" * 5000, "18446744073709551616", "-9223372036854775809", "1E-999999999",
          '""', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"' + "\\uffff" * 2000 + '"', '"' + "x" * 100_000 + '"', "[]", "{}", "[[]]",
          "[" * 500 + "]" * 500, "[" * 100_000, "[" * 50_000 + "]" * 50_000, '{"a":' * 50_000 + "1" + "}" * 50_000,
          "[" + "{}," * 50_000 + "{}]", "[" + "1," * 500_000 + "1]", '[{"role":"user","content":"a"}' + ',{"role":"user","content":"a"}' * 3000 + "]",
          '{"type":"image_url","image_url":{"url":"data:,"}}', '[{"type":"tool_result","content":[{"type":"tool_result"}]}]', "NaN", "01", "+1", ".5",
          "'x'", "undefined", '{"a":1,"a":2}', '"\\x"', '"\t"', '"unended', '{"":{"":{"":""}}}', '"../../etc/passwd"', '"' + "%00" * 9 + '"']
BYTES = [b"\x00", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\\", b'"', b"{", b"}", b",", b"\r\n", b""]
NAMES = [b"a", b"%00", b"..", b"%2e%2e%2f", b"x" * 5000, b"\xff\xfe", b"c-0123456789abcdef", b"a\tb", b'"', b"a/b", b"%", b"%zz", b"?from=-1",
         b"a?from=99999999999999999999&limit=0", b"a?limit=-1&from=x&from=2", b"list?" + b"&" * 3000]
CODINGS = [b"gzip", b"x-gzip", b"deflate", b"br", b"zstd", b"gzip, gzip", b"identity", b"GZIP", b"compress", b"", b"gzip;q=1", b"br, zstd, gzip"]


class Chatting(attack.Scripted):
    """Answers what a chat asks for."""

    def reply(self, s, head, body):
        if b" /tokenize " in head:
            s.sendall(attack.response(b'{"tokens":[1,2,3]}'))
        elif b" /apply-template " in head:
            s.sendall(attack.response(b'{"prompt":"rendered"}'))
        elif b"completion" in head.split(b"\r\n")[0]:
            events = [{"choices": [{"index": 0, "delta": {"content": "hi"}, "text": "hi", "finish_reason": None}], "content": "hi", "stop": False},
                      {"choices": [{"index": 0, "delta": {}, "text": "", "finish_reason": "stop"}], "content": "", "stop": True}]
            data = b"".join(b"data: %b\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"
            s.sendall(attack.response(data).replace(b"application/json", b"text/event-stream"))
        else:
            super().reply(s, head, body)


def zstd_bomb(megabytes):
    """Blocks that say one byte 128 KB times."""
    block = (131072 << 3 | 2).to_bytes(3, "little") + b" "
    return b"\x28\xb5\x2f\xfd\x00\x38" + block * (8 * megabytes) + (131072 << 3 | 3).to_bytes(3, "little") + b" "


BOMBS = {b"gzip": gzip.compress(b" " * (64 << 20)), b"deflate": zlib.compress(b" " * (64 << 20)), b"zstd": zstd_bomb(4096),
         b"gzip, gzip": gzip.compress(gzip.compress(b" " * (64 << 20)))}


def damaged(rng, body):
    text = json.dumps(body)
    spots = list(re.finditer(r'"[^"]*"(?!:)|\d+|true|\[|\{', text))
    for _ in range(rng.choice([0, 1, 1, 1, 2])):
        spot = rng.choice(spots)
        text = text.replace(spot[0], rng.choice(VALUES), 1) if rng.random() < 0.5 else \
            text[:spot.start()] + rng.choice(VALUES) + text[spot.end():]
    if rng.random() < 0.3:  # a member twice, or one that nobody knows
        text = text.replace("{", '{"%s":%s,' % (rng.choice(list(body) or ["x"]), rng.choice(VALUES)), 1)
    data = text.encode()
    if rng.random() < 0.3:
        at = rng.randrange(len(data) + 1)
        data = data[:at] + rng.choice(BYTES) + data[at + rng.randrange(3):]
    return data[:rng.randrange(len(data) + 1)] if rng.random() < 0.1 else data


def packed(rng, data):
    """-> the fields that say so, the bytes"""
    coding = rng.choice(CODINGS)
    if rng.random() < 0.1:
        coding = rng.choice(list(BOMBS))
        return b"Content-Encoding: %b\r\n" % coding, BOMBS[coding]
    for one in coding.split(b", "):
        if b"gzip" in one.lower():
            data = gzip.compress(data)
        elif one == b"deflate":
            data = zlib.compress(data)
    if rng.random() < 0.3 and data:
        data = rng.choice([data[:rng.randrange(len(data))], data + b"more", data + data, data.replace(data[4:5], b"\x7f")])
    return b"Content-Encoding: %b\r\n" % coding, data


def request(rng):
    """-> the bytes of one"""
    name = rng.choice(NAMES)
    if rng.random() < 0.1:
        path = rng.choice([b"/v1/conversations/", b"/v1/sessions/", b"/v1/knowledge/"]) + name.replace(b"\t", b"").replace(b"\xff\xfe", b"%ff")
        return b"GET " + path + b" HTTP/1.1\r\nHost: keep\r\nConnection: close\r\n\r\n"
    path, body = rng.choice(list(PATHS.items()))
    data = damaged(rng, body)
    fields, data = packed(rng, data) if rng.random() < 0.2 else (b"", data)
    if rng.random() < 0.2:
        fields += b"X-Conversation-Id: " + name + b"\r\n"
    return b"POST %b HTTP/1.1\r\nHost: keep\r\nContent-Type: application/json\r\nConnection: close\r\n%bContent-Length: %d\r\n\r\n%b" % (
        path.encode(), fields, len(data), data)


def ask(target, data):
    """-> what came, up to the end"""
    answer = b""
    with target.keep.connect(30) as s:
        try:
            s.sendall(data)
            while more := s.recv(1 << 16):
                answer += more
        except (ConnectionError, BrokenPipeError):
            pass  # refused before it was read
        except TimeoutError:
            return b"nothing within 30 s"
    return answer


class Bodies(attack.Campaign):
    __doc__ = __doc__
    NAME = "bodies"
    CASES = 800
    BATCH = 100
    RSS_MB = 128
    KEEP_FLAGS = ("--listen.max_body", str(MAX_BODY), "--log.level", "error")

    def __init__(self):
        self.statuses = {}

    def make_upstream(self):
        return Chatting()

    def batch(self, target, rng, first, count):
        requests = [request(rng) for _ in range(count)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda data: ask(target, data), requests))
        target.upstream.take_seen()
        failures = []
        for at, (data, answer) in enumerate(zip(requests, answers)):
            status = re.match(rb"HTTP/1\.1 ([24]\d\d) ", answer)
            if status:
                self.statuses[int(status[1])] = self.statuses.get(int(status[1]), 0) + 1
            else:
                failures.append(f"case {first + at}: {answer[:400]!r} to {data[:200]!r} .. {data[-600:]!r}")
        return failures

    def figures(self):
        return "".join(f", {times} x {status}" for status, times in sorted(self.statuses.items()))


if __name__ == "__main__":
    attack.run(Bodies())
