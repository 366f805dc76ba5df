"""llama-server and llama-keep as child processes, and the test case that owns a pair of them."""
import atexit
import contextlib
import http.client
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from harness import scripted, wire

WORK = pathlib.Path(os.environ["INTEGRATION_WORK"])
MODEL = pathlib.Path(__file__).resolve().parents[3] / "engine/demo-model/model-f16.gguf"
TRAINED = 1024  # context of the demo model: what a slot holds at most


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(condition, seconds, what):
    """-> the first true value of condition()"""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.005)


def group_lives(group):
    try:
        os.killpg(group, 0)
        return True
    except ProcessLookupError:
        return False


class Process:
    """A server in a process group of its own, so that nothing it starts is missed."""

    def __init__(self, name, argv, port, ready_path, env=None):
        self.name, self.argv, self.port, self.env = name, argv, port, env or {}
        self.ready_path = ready_path
        self.log = WORK / "logs" / f"{name}-{port}.log"
        self.log.parent.mkdir(exist_ok=True)
        self.log.unlink(missing_ok=True)
        self.child = None

    def start(self, wait_ready=True):
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(self.argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                          env={**os.environ, **self.env}, start_new_session=True)
        atexit.register(self.kill)
        if wait_ready:
            wait_for(self.is_ready, 30, f"{self.name} ready, see {self.log}")
        return self

    def is_ready(self):
        if self.child.poll() is not None:
            raise AssertionError(f"{self.name} ended: {self.text()[-2000:]}")
        try:
            return wire.get(self.port, self.ready_path, timeout=2).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def kill(self):
        """Everything of its group, whatever it is doing."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)

    def stop(self, signum=signal.SIGTERM):
        """-> exit code; fails when the process, or one it started, stays"""
        if self.child is None:
            return None
        self.child.send_signal(signum)
        try:
            code = self.child.wait(40)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not stop, see {self.log}") from None
        finally:
            atexit.unregister(self.kill)
            stray = group_lives(self.child.pid)
            self.kill()
            self.child.wait()
        if stray:
            raise AssertionError(f"{self.name} left a process behind")
        self.child = None
        return code

    def text(self):
        return self.log.read_text(errors="replace")


class Engine(Process):
    def __init__(self, slots, ctx, *flags, model=MODEL):
        port = free_port()
        # One thread: two wait for each other as soon as anything else wants a core.
        argv = [os.environ["ENGINE_RUN"], model, str(port), str(slots), str(ctx), "-t", "1", *flags]
        super().__init__("engine", argv, port, "/health")

    def slots(self):
        return wire.get(self.port, "/slots").json

    def busy(self):
        return [slot for slot in self.slots() if slot["is_processing"]]

    def wait_idle(self, seconds=1):
        """-> seconds it took until no slot worked"""
        begun = time.monotonic()
        wait_for(lambda: not self.busy(), seconds, "every slot idle")
        return time.monotonic() - begun

    def launches(self):
        """Requests that ever started on a slot."""
        return self.text().count("processing task")

    def count_tokens(self, messages):
        prompt = wire.post(self.port, "/apply-template", {"messages": messages}).json["prompt"]
        body = {"content": prompt, "add_special": True, "parse_special": True}
        return len(wire.post(self.port, "/tokenize", body).json["tokens"])


class Keep(Process):
    def __init__(self, engine_port, *flags, env=None):
        port = free_port()
        self.state = tempfile.TemporaryDirectory(prefix="state-", dir=WORK)  # goes with this object
        argv = [os.environ["KEEP_BIN"], "serve", "--listen", f"127.0.0.1:{port}",
                "--upstream", f"http://127.0.0.1:{engine_port}", "--history.folder", self.state.name, *flags]
        super().__init__("keep", argv, port, "/ready", env)

    def metric(self, name):
        """Sum over the labels; 0 while there is no sample."""
        text = wire.get(self.port, "/metrics").body.decode()
        return sum(float(value) for value in
                   re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))

    def failed_exchanges(self):
        return [line for line in self.text().splitlines() if "exchange failed" in line]


class StackCase(unittest.TestCase):
    """One engine and one proxy for all tests of the class."""

    SLOTS = 4
    CTX = SLOTS * TRAINED
    ENGINE_FLAGS = ()
    KEEP_FLAGS = ()
    FAILURES = None  # expression for log lines of exchanges that are meant to fail

    @classmethod
    def setUpClass(cls):
        cls.engine = cls.make_engine()
        cls.addClassCleanup(cls.engine.stop)
        cls.engine.start()
        cls.keep = Keep(cls.engine.port, *cls.KEEP_FLAGS)
        cls.addClassCleanup(cls.check_failures)
        cls.addClassCleanup(cls.keep.stop)
        cls.keep.start()
        cls.url = f"http://127.0.0.1:{cls.keep.port}"

    @classmethod
    def make_engine(cls):
        return Engine(cls.SLOTS, cls.CTX, *cls.ENGINE_FLAGS)

    @classmethod
    def check_failures(cls):
        meant = re.compile(cls.FAILURES or r"$^")
        bad = [line for line in cls.keep.failed_exchanges() if not meant.search(line)]
        if bad:
            raise AssertionError("the proxy logged failed exchanges:\n" + "\n".join(bad[:5]))

    def chat(self, messages, headers=None, **fields):
        """-> reply of a chat completion through the proxy that must succeed"""
        body = {"messages": messages, "temperature": 0, **fields}
        reply = wire.post(self.keep.port, "/v1/chat/completions", body, headers)
        self.assertEqual(reply.status, 200, reply.body)
        return reply


class ScriptedCase(StackCase):
    """The proxy in front of a script."""

    @classmethod
    def make_engine(cls):
        return scripted.Scripted(cls.answer, cls.SLOTS, TRAINED)

    @staticmethod
    def answer(body):
        """-> what the model says to this request"""
        raise NotImplementedError


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


def text_of(reply):
    return reply.json["choices"][0]["message"]["content"]
