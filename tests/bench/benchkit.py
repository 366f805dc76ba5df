"""What the benchmarks share: child processes that never outlive the run, and the form of the report."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

REPO = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", REPO / "build/release")).absolute()
KEEP_BIN = pathlib.Path(os.environ.get("KEEP_BIN", BUILD / "llama-keep")).absolute()
ENGINE_RUN = pathlib.Path(os.environ.get("ENGINE_RUN", REPO / "engine/bundle/run.sh")).absolute()
READY_S = 30


class BenchError(Exception):
    """The benchmark could not run; says nothing about the numbers."""


class Bench:
    """A scratch folder and the processes started in it; both are gone after the `with` block."""

    def __enter__(self):
        # An exception unwinds the block, so a signal cleans up like any failure.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(1))
        self._folder = tempfile.TemporaryDirectory(prefix="keep-bench-")
        self.folder = pathlib.Path(self._folder.name)
        self._running = []
        self._ports = set()
        return self

    def __exit__(self, *_):
        for process in list(self._running):
            self.stop(process)
        self._folder.cleanup()

    def free_port(self):
        """A port of 127.0.0.1 that this run has not used: a TIME_WAIT of one arm cannot hit another."""
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            if port not in self._ports:
                self._ports.add(port)
                return port

    def start(self, name, command, port, path="/health", ready_s=READY_S, env=None):
        """Starts a server in a process group of its own and waits until `path` answers 200."""
        log = self.folder / f"{name}-{port}.log"
        with open(log, "wb") as out:
            process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=out, start_new_session=True,
                                       cwd=self.folder, env={**os.environ, **(env or {})})
        self._running.append(process)
        deadline = time.monotonic() + ready_s
        while not _answers(port, path):
            if process.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace")[-2000:]
                raise BenchError(f"{name} is not ready on port {port}:\n{tail}")
            time.sleep(0.02)
        return process

    def start_keep(self, upstream, folder, *flags):
        """A llama-keep in front of port `upstream`, its conversations in `folder` -> its port"""
        port = self.free_port()
        command = [KEEP_BIN, "serve", "--listen", f"127.0.0.1:{port}", "--upstream", f"http://127.0.0.1:{upstream}",
                   "--history.folder", self.folder / folder, *flags]
        self.start("llama-keep", command, port, path="/ready")
        return port

    def stop(self, process):
        self._running.remove(process)
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
                process.wait(5)
            except ProcessLookupError:
                process.wait()
            except subprocess.TimeoutExpired:
                pass


def _answers(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def median(values):
    return percentile(values, 0.5)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1))]


def emit(**fields):
    """One JSON line; the keys carry their units."""
    print(json.dumps({key: round(value, 3) if isinstance(value, float) else value
                      for key, value in fields.items()}), flush=True)


def table(head, rows):
    cells = [[f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row]
             for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells)]
    print()
    for row in cells:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)))


def verdict(misses):
    """The last line, and the exit status that says the same."""
    print("misses: " + "; ".join(misses) if misses else "ok", flush=True)
    return 1 if misses else 0


def main(run):
    try:
        sys.exit(run())
    except (BenchError, OSError) as error:  # OSError: a program is missing, a connection broke
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
