"""What the campaigns of this folder share: the proxy under attack, a scripted upstream behind it, and the loop that
makes cases from a seed. Environment: KEEP_BIN, the program; for one with sanitizers HOSTILE_PATIENCE_S, more than a second, and
HOSTILE_MEMORY, how many times the memory it may take."""
import argparse
import collections
import contextlib
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE_S = int(os.environ.get("HOSTILE_PATIENCE_S", "1"))  # however hard it is pressed, the proxy answers this soon
MEMORY = int(os.environ.get("HOSTILE_MEMORY", "1"))
START_S, STOP_S = 60, 60
SLOTS = 4


class Campaign:
    """One kind of attack. A subclass says what a batch of cases does."""

    NAME = ""
    CASES = 1000
    BATCH = 100
    KEEP_FLAGS = ()
    RSS_MB = 64  # what the proxy may grow by

    def start(self):
        """-> the Target"""
        return Target(self.make_upstream(), *self.KEEP_FLAGS)

    def make_upstream(self):
        return Scripted()

    def batch(self, target, rng, first, count):
        """Tries the cases `first`.. and -> what went wrong, a line for each case that failed."""
        raise NotImplementedError

    def figures(self):
        """-> more for the last line"""
        return ""


def run(campaign):
    """The command line of a campaign; ends the program."""
    options = read_options(campaign.__doc__, campaign.CASES)
    with campaign.start() as target:
        failed = attack(campaign, target, options)
    sys.exit(failed)


def read_options(about, cases):
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=cases)
    parser.add_argument("--long", action="store_true", help="a hundred times as many")
    # Stopped like this, the children still end.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = parser.parse_args()
    options.cases *= 100 if options.long else 1
    return options


def attack(campaign, target, options):
    before, most = target.keep.rss_mb(), 0
    tried, failures = 0, []
    while tried < options.cases and not failures:
        count = min(campaign.BATCH, options.cases - tried)
        rng = random.Random(f"{options.seed}/{tried}")  # a batch can be tried alone
        try:
            failures += campaign.batch(target, rng, tried, count)
        except (OSError, http.client.HTTPException) as e:
            failures.append(f"the proxy could not be asked: {e!r}")
        tried += count
        failures += target.keep.check_health()
        most = max(most, target.keep.rss_mb())
        if most > before + campaign.RSS_MB * MEMORY:
            failures.append(f"resident memory grew from {before} to {most} MB")
    failures += target.keep.check_stop() if not failures else []
    return finish(campaign.NAME, options, tried, failures, target.keep,
                  f"{campaign.figures()}, rss {before} -> {most} MB")


def finish(name, options, tried, failures, keep, figures):
    """Says what came of it -> the exit status"""
    for line in failures[:10]:
        print(line)
    if failures:
        print(f"--seed {options.seed}, cases up to {tried}; log:\n{keep.log_tail()}")
    print(f"{name}: tried {tried}, survived {tried - min(len(failures), tried)}{figures}", flush=True)
    return 1 if failures else 0


class Keep:
    """llama-keep as a process on a loopback port; from its making on it is ready."""

    def __init__(self, state, upstream_port, *flags):
        self.port = free_port()
        self.lines = collections.deque(maxlen=400)
        # A loop that stands for so long ends the program.
        argv = [os.environ["KEEP_BIN"], "serve", "--listen", f"127.0.0.1:{self.port}",
                "--upstream", f"http://127.0.0.1:{upstream_port}", "--history.folder", state,
                "--limits.stall", str(PATIENCE_S), *flags]
        # SIGXFSZ stays ignored, as it is in this process.
        self.child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                      text=True, errors="replace", restore_signals=False)
        self.reader = threading.Thread(target=self.lines.extend, args=(self.child.stdout,), daemon=True)
        self.reader.start()
        self.wait(lambda: self.request("GET", "/ready")[0] == 200, START_S, "ready")

    def wait(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.child.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if condition():
                    return
            time.sleep(0.02)
        self.kill()
        raise AssertionError(f"not {what} within {seconds} s, or ended:\n{self.log_tail()}")

    def connect(self, timeout=10):
        s = socket.create_connection(("127.0.0.1", self.port), timeout)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def request(self, method, path, body=None, headers=None, timeout=20):
        """-> status, headers, text; a body that is no bytes is sent as JSON"""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(link):
            data = body if body is None or isinstance(body, bytes) else json.dumps(body)
            link.request(method, path, data, {"Content-Type": "application/json", **(headers or {})})
            reply = link.getresponse()
            return reply.status, reply.headers, reply.read().decode("utf-8", "replace")

    def read_record(self, conversation, headers=None):
        """-> its messages, or None if a page cannot be read"""
        messages, start = [], 0
        while start is not None:
            status, _, body = self.request("GET", f"/v1/conversations/{conversation}?from={start}&limit=1000",
                                           headers=headers)
            if status == 404:
                return messages
            if status != 200:
                return None
            page = json.loads(body)
            messages += [entry["message"] for entry in page["messages"]]
            start = page["next"]
        return messages

    def check_health(self):
        """-> what is wrong, in a list"""
        if self.child.poll() is not None:
            return [f"llama-keep ended with {self.child.returncode}"]
        begun = time.monotonic()
        try:
            status = self.request("GET", "/health", timeout=PATIENCE_S)[0]
        except (OSError, http.client.HTTPException) as e:
            return [f"/health: {e!r} after {time.monotonic() - begun:.2f} s"]
        took = time.monotonic() - begun
        return [] if status == 200 and took <= PATIENCE_S else [f"/health: {status} after {took:.2f} s"]

    def check_stop(self):
        """Stops it -> what is wrong, in a list. A sanitizer speaks about leaks now."""
        self.child.send_signal(signal.SIGTERM)
        try:
            status = self.child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return ["did not stop"]
        return [] if status == 0 else [f"llama-keep ended with {status}"]

    def stop(self):
        if self.check_stop():
            raise AssertionError(f"ended with {self.child.returncode}:\n{self.log_tail()}")

    def kill(self):
        self.child.kill()
        self.child.wait()

    def rss_mb(self):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) // 1024
        return 0

    def log_tail(self):
        if self.child.poll() is not None:
            self.reader.join(5)
        return "".join(list(self.lines)[-100:])


class Target:
    """llama-keep with a state folder of its own and an upstream behind it."""

    def __init__(self, upstream, *flags):
        self.upstream = upstream
        self.folder = tempfile.TemporaryDirectory(prefix="hostile-")
        try:
            self.keep = Keep(f"{self.folder.name}/state", upstream.port, *flags)
        except AssertionError as e:
            raise SystemExit(str(e)) from e

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.keep.kill()
        self.upstream.stop()
        self.folder.cleanup()


class Scripted:
    """A llama-server that answers what it is asked at once, and remembers what that was. It reads by
    Content-Length alone: whatever else frames a body would show as a request of its own."""

    BIG = b"x" * (1 << 20)  # what /big/N answers, N times
    OWN = {b"/health": {"status": "ok"},  # what the proxy itself asks
           b"/props": {"default_generation_settings": {"n_ctx": 4096}, "total_slots": SLOTS,
                       "model_path": "scripted.gguf"},
           b"/slots": [{"id": i, "n_ctx": 4096, "is_processing": False} for i in range(SLOTS)],
           b"/slots/0": {"error": {"code": 501, "message": "no"}}, b"/metrics": {}, b"/v1/models": {"data": []}}

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.seen = []  # (method, target, head, body) in the order they came
        threading.Thread(target=self.accept, daemon=True).start()

    def take_seen(self):
        with self.lock:
            seen, self.seen = self.seen, []
        return seen

    def stop(self):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                s, _ = self.listener.accept()
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        data = b""
        with s, contextlib.suppress(OSError):
            while True:
                while b"\r\n\r\n" not in data:
                    more = s.recv(1 << 16)
                    if not more:
                        return
                    data += more
                head, data = data.split(b"\r\n\r\n", 1)
                length = content_length(head)
                while len(data) < length:
                    more = s.recv(1 << 16)
                    if not more:
                        return
                    data += more
                body, data = data[:length], data[length:]
                self.reply(s, head, body)

    def reply(self, s, head, body):
        method, _, rest = head.partition(b" ")
        target = rest.split(b"\r\n", 1)[0].rpartition(b" ")[0]
        if target.partition(b"?")[0] in self.OWN:
            s.sendall(response(json.dumps(self.OWN[target.partition(b"?")[0]]).encode()))
            return
        with self.lock:
            self.seen.append((method, target, head, body))
        if target.startswith(b"/big/"):
            times = int(target[5:])
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (times * len(self.BIG)))
            for _ in range(times):
                s.sendall(self.BIG)
        else:
            s.sendall(response(b"seen"))


def response(body):
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def content_length(head):
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def read_statuses(s, seconds):
    """-> the statuses of all final responses until the peer closes, and whether it did so in time"""
    end = time.monotonic() + seconds
    data, statuses = b"", []
    closed = False
    while True:
        data = take_responses(data, statuses)
        left = end - time.monotonic()
        if closed or left <= 0:
            return statuses, closed
        s.settimeout(left)
        try:
            more = s.recv(1 << 16)
        except TimeoutError:
            return statuses, False
        except OSError:  # a reset is an end, too
            more = b""
        closed = not more
        data += more


def take_responses(data, statuses):
    """Takes the whole responses off the front -> the rest."""
    while b"\r\n\r\n" in data:
        head, rest = data.split(b"\r\n\r\n", 1)
        status = int(head.split(b" ", 2)[1])
        if status < 200:
            data = rest
            continue
        length = content_length(head)
        if len(rest) < length:
            return data
        statuses.append(status)
        data = rest[length:]
    return data
