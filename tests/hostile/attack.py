"""What the campaigns of this folder share: the proxy under attack, a scripted upstream behind it, and the loop that
makes cases from a seed. Environment: KEEP_BIN, the program."""
import argparse
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

HEALTH_S = 1.0  # however hard it is pressed, the proxy answers this soon
SLOTS = 4


class Campaign:
    """One kind of attack. A subclass says what a batch of cases does."""

    NAME = ""
    CASES = 1000
    BATCH = 100
    KEEP_FLAGS = ()
    RSS_MB = 64  # what the proxy may grow by

    def batch(self, target, rng, first, count):
        """Tries the cases `first`.. and -> what went wrong, a line for each case that failed."""
        raise NotImplementedError


def run(campaign):
    """The command line of a campaign; ends the program."""
    parser = argparse.ArgumentParser(description=campaign.__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=campaign.CASES)
    options = parser.parse_args()
    # Stopped like this, the children still end.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Target(campaign.KEEP_FLAGS) as target:
        sys.exit(attack(campaign, target, options))


def attack(campaign, target, options):
    before, most = target.rss_mb(), 0
    tried, failures = 0, []
    while tried < options.cases and not failures:
        count = min(campaign.BATCH, options.cases - tried)
        rng = random.Random(f"{options.seed}/{tried}")  # a batch can be tried alone
        failures += campaign.batch(target, rng, tried, count)
        tried += count
        failures += target.check_health()
        most = max(most, target.rss_mb())
        if most > before + campaign.RSS_MB:
            failures.append(f"resident memory grew from {before} to {most} MB")
    for line in failures[:10]:
        print(line)
    if failures:
        print(f"--seed {options.seed}, cases up to {tried}; log:\n{target.log_tail()}")
    print(f"{campaign.NAME}: tried {tried}, survived {tried - min(len(failures), tried)}, "
          f"rss {before} -> {most} MB")
    return 1 if failures else 0


class Target:
    """llama-keep on a loopback port, with a state folder of its own and a Scripted upstream."""

    def __init__(self, flags):
        self.upstream = Scripted()
        self.folder = tempfile.TemporaryDirectory(prefix="hostile-")
        self.port = free_port()
        self.log = pathlib.Path(self.folder.name) / "log"
        argv = [os.environ["KEEP_BIN"], "serve", "--listen", f"127.0.0.1:{self.port}",
                "--upstream", f"http://127.0.0.1:{self.upstream.port}",
                "--history.folder", f"{self.folder.name}/state", *flags]
        with self.log.open("wb") as log:
            self.child = subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def __enter__(self):
        end = time.monotonic() + 30
        while time.monotonic() < end and self.child.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("/ready", 2).status == 200:
                    return self
            time.sleep(0.02)
        self.__exit__()
        raise SystemExit(f"llama-keep did not get ready:\n{self.log_tail()}")

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.upstream.stop()
        if not any(_):
            self.folder.cleanup()

    def connect(self, timeout=10):
        s = socket.create_connection(("127.0.0.1", self.port), timeout)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def ask(self, path, timeout):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request("GET", path)
            reply = connection.getresponse()
            reply.read()
            return reply

    def check_health(self):
        """-> what is wrong, in a list"""
        if self.child.poll() is not None:
            return [f"llama-keep ended with {self.child.returncode}"]
        begun = time.monotonic()
        try:
            status = self.ask("/health", HEALTH_S).status
        except (OSError, http.client.HTTPException) as e:
            return [f"/health: {e!r} after {time.monotonic() - begun:.2f} s"]
        took = time.monotonic() - begun
        return [] if status == 200 and took <= HEALTH_S else [f"/health: {status} after {took:.2f} s"]

    def rss_mb(self):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) // 1024
        return 0

    def log_tail(self):
        return self.log.read_text(errors="replace")[-2000:]


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
