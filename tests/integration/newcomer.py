"""What somebody sees who starts llama-keep for the first time."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import wire
from harness.stack import Engine, Keep, MODEL, Process, TRAINED, WORK, free_port, wait_for

SLOTS = 4


class Newcomer(unittest.TestCase):
    def started(self, server, **options):
        self.addCleanup(server.stop)
        return server.start(**options)

    def test_the_log_tells_where_to_go(self):
        engine = self.started(Engine(SLOTS, SLOTS * TRAINED))
        keep = self.started(Keep(engine.port))
        wait_for(lambda: "conversations are kept" in keep.text(), 10, "the welcome")
        log = keep.text()
        self.assertIn(f"point clients here openai=http://127.0.0.1:{keep.port}/v1", log)
        self.assertIn(f"folder={keep.state.name}", log)
        self.assertIn("no API key is asked for", log)

    def test_the_log_tells_what_is_wrong_with_the_server(self):
        engine = self.started(Engine(SLOTS, SLOTS * TRAINED, "--no-slots"))
        keep = self.started(Keep(engine.port))
        wait_for(lambda: "GET /slots is off" in keep.text(), 10, "the finding")
        self.assertIn("start llama-server without --no-slots", keep.text())
        self.assertEqual(keep.text().count("GET /slots is off"), 1)

    def test_a_server_that_comes_later_is_looked_at_then(self):
        engine = Engine(SLOTS, SLOTS * TRAINED, "--no-slots")
        keep = self.started(Keep(engine.port), wait_ready=False)
        wait_for(lambda: "nobody listens there" in keep.text(), 10, "the first finding")
        self.assertIn("not ready: no llama-server can be reached", wire.get(keep.port, "/ready").body.decode())
        self.started(engine)
        wait_for(lambda: "GET /slots is off" in keep.text(), 15, "the second finding")
        self.assertEqual(keep.text().count("nobody listens there"), 1)

    def test_a_second_one_on_the_same_folder_is_refused(self):
        keep = self.started(Keep(free_port()), wait_ready=False)
        wait_for(lambda: "listening" in keep.text(), 10, "the first one up")
        second = Keep(free_port())
        second.argv[second.argv.index("--history.folder") + 1] = keep.state.name
        done = subprocess.run(second.argv, capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{keep.state.name} is in use by another llama-keep (process {keep.child.pid})", done.stderr)
        keep.kill()  # a crash leaves nothing that keeps the next one out
        keep.child.wait()
        keep.start(wait_ready=False)
        wait_for(lambda: keep.text().count("listening") == 2, 10, "it up again")

    def test_the_front_page(self):
        keep = self.started(Keep(free_port()), wait_ready=False)
        plain = wait_for(lambda: self.page(keep), 10, "a page")
        self.assertIn(b"with /v1 behind it", plain.body)
        self.assertIn("text/plain", plain.headers["Content-Type"])
        html = wire.get(keep.port, "/", headers={"Accept": "text/html,*/*"})
        self.assertIn("text/html", html.headers["Content-Type"])
        self.assertIn("default-src 'none'", html.headers["Content-Security-Policy"])

    @staticmethod
    def page(keep):
        try:
            return wire.get(keep.port, "/")
        except OSError:
            return None

    @unittest.skipIf(os.environ.get("LLAMA_SERVER"), "flags of another llama-server are not known")
    def test_a_router_of_several_models_is_not_ready(self):
        models = tempfile.TemporaryDirectory(prefix="models-", dir=WORK)
        self.addCleanup(models.cleanup)
        shutil.copy(MODEL, pathlib.Path(models.name) / "demo.gguf")
        router = self.started(self.router(models.name))
        keep = self.started(Keep(router.port), wait_ready=False)
        ready = wait_for(lambda: self.told(keep, b"router"), 10, "readiness that names the router")
        self.assertEqual(ready.status, 503)
        wait_for(lambda: "runs as a router" in keep.text(), 10, "the finding")

    @staticmethod
    def told(keep, word):
        try:
            reply = wire.get(keep.port, "/ready")
        except OSError:
            return None
        return reply if word in reply.body else None

    @staticmethod
    def router(folder):
        """The bundled server, started as a router: with a folder of models in place of a model."""
        probe = Engine(1, TRAINED).start()
        argv = pathlib.Path(f"/proc/{probe.child.pid}/cmdline").read_text().split("\0")[:-1]
        probe.stop()
        program = argv[:argv.index("-m")]
        port = free_port()
        return Process("router", [*program, "--models-dir", folder, "--host", "127.0.0.1",
                                  "--port", str(port), "--no-ui"], port, "/health")


class Help(unittest.TestCase):
    def test_of_a_verb_fits_a_screen_and_all_of_it_can_be_had(self):
        short, full = (subprocess.run([os.environ["KEEP_BIN"], "serve", flag], capture_output=True, text=True,
                                      timeout=10).stdout for flag in ("--help", "--help-all"))
        self.assertLessEqual(len(short.splitlines()), 24)
        self.assertNotIn("--upstream.pool_tokens", short.replace("(--upstream.pool_tokens", ""))
        self.assertIn("--upstream.pool_tokens", full)
