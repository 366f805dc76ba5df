"""Two clients take turns through the proxy. Neither sends an id; each resends its whole history.
Then one conversation outgrows the window of the model, with recall and without."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True
from demo_chat import assistant, chat, user  # noqa: E402
from demo_memory import WINDOW, remember  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
KEEP = os.environ.get("KEEP_BIN", HERE.parents[1] / "build/release/llama-keep")
LOG = HERE.parents[1] / "build" / "run" / "demo.log"
TALKS = {
    "museum": ["Please remember: The vault code of the museum is 7341.",
               "The owner of the harbor is Klara.",
               "What is the vault code of the museum?",
               "Who is the owner of the harbor?"],
    "castle": ["By the way, the door code of the castle is 5208.",
               "My dog's name is Bruno.",
               "What is the door code of the castle?",
               "What is my dog's name?"],
}
COLUMNS = "{:<8} {:>4} {:>4}  {:<18} {:>6} {:>9} {:>8}  {}"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def converse(port):
    """Runs the turns interleaved, prints the table -> list of faults."""
    faults, slots, histories = [], {}, {name: [] for name in TALKS}
    print(COLUMNS.format("client", "turn", "slot", "conversation", "cached", "prefilled", "TTFT ms",
                         "answer"))
    for turn in range(len(TALKS["museum"])):
        for name, history in histories.items():
            history.append(user(TALKS[name][turn]))
            seen = chat(port, history)
            history.append(assistant(seen.text))
            slot = seen.headers.get("X-Keep-Slot")
            conversation = seen.headers.get("X-Keep-Conversation", "")
            print(COLUMNS.format(name, turn + 1, slot or "-", conversation[:18], seen.cached,
                                 seen.prefilled, f"{seen.ttft_ms:.1f}", seen.text[:50]))
            if slot is None or slots.setdefault(name, slot) != slot:
                faults.append(f"{name}, turn {turn + 1}: slot {slot}, was {slots.get(name)}")
            if turn > 0 and seen.cached == 0:
                faults.append(f"{name}, turn {turn + 1}: nothing was cached")
    if len(set(slots.values())) < len(TALKS):
        faults.append(f"the conversations share a slot: {slots}")
    return faults


@contextlib.contextmanager
def started(log, command, **env):
    """A process and its standard output; it is gone after the `with` block."""
    child = subprocess.Popen(command, env={**os.environ, **env}, text=True, stdout=subprocess.PIPE, stderr=log)
    try:
        yield child.stdout
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait()


def wait_ready(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2).close()
        time.sleep(0.05)
    return sys.exit(f"demo: a proxy did not start, see {LOG}")


def run(log, state):
    """The stack, a second proxy on the same engine without recall -> list of faults"""
    keep, engine, other = str(free_port()), str(free_port()), str(free_port())
    flags = ["--window.tokens", str(WINDOW), "--history.folder"]
    with contextlib.ExitStack() as stack:
        lines = stack.enter_context(started(log, [HERE / "up.sh", *flags, f"{state}/with"],
                                            KEEP_PORT=keep, ENGINE_PORT=engine))
        if not any(line.startswith("ready ") for line in lines):
            sys.exit(f"demo: the proxy did not start, the end of {LOG}:\n{LOG.read_text()[-2000:]}")
        faults = converse(keep)
        if faults:
            return faults
        print("each conversation kept its slot, and nothing was prefilled twice")
        stack.enter_context(started(log, [
            KEEP, "serve", "--listen", f"127.0.0.1:{other}", "--recall.enabled", "false", "--hedge.enabled", "false",
            "--upstream", f"http://127.0.0.1:{engine}", *flags, f"{state}/without"]))
        wait_ready(other)
        return remember(engine, (keep, other))


def main():
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("w") as log, tempfile.TemporaryDirectory(prefix="keep-demo-") as state:
        faults = run(log, state)
    for fault in faults:
        print("demo: " + fault)
    if not faults:
        print("demo: what was forgotten came back when it was asked for")
    return 1 if faults else 0


sys.exit(main())
