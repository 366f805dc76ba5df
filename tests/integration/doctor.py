"""llama-keep doctor: silent about a good server, and a name and a fix for each fault of a bad one."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from harness.stack import Engine, Process, TRAINED, WORK, free_port

SLOTS = 4


def examine(port, *flags):
    """-> exit code, {check: entry} about the server"""
    url = f"http://127.0.0.1:{port}"
    done = subprocess.run([os.environ["KEEP_BIN"], "doctor", "--json", "--upstream", url,
                           "--listen", f"127.0.0.1:{free_port()}", *flags],
                          capture_output=True, text=True, timeout=60)
    report = json.loads(done.stdout)
    assert report["ok"] == (done.returncode == 0), done.stdout
    return done.returncode, {check["id"]: check for check in report["checks"]
                             if check["target"] == url}


class Doctor(unittest.TestCase):
    def started(self, server):
        self.addCleanup(server.stop)
        return server.start()

    def launched_without(self, *dropped, added=()):
        """The bundled launch less some of its flags, each with its value, and with others."""
        bundled = self.started(Engine(SLOTS, SLOTS * TRAINED))
        argv = pathlib.Path(f"/proc/{bundled.child.pid}/cmdline").read_text().split("\0")[:-1]
        bundled.stop()
        for flag in dropped:
            at = argv.index(flag)
            del argv[at:at + (1 if argv[at + 1].startswith("-") else 2)]
        return self.started(Process("engine", [*argv, *added], bundled.port, "/health"))

    def assert_named(self, checks, name, status, *fixes):
        self.assertEqual(checks[name]["status"], status, checks[name])
        for fix in fixes:
            self.assertIn(fix, checks[name]["fix"])

    def test_the_bundled_server_is_fine(self):
        engine = self.started(Engine(SLOTS, SLOTS * TRAINED))
        code, checks = examine(engine.port, "--upstream.pool_tokens", str(SLOTS * TRAINED))
        self.assertEqual(code, 0)
        self.assertEqual({check["status"] for check in checks.values()}, {"ok"}, checks)

    def test_a_ram_cache_is_for_one_key(self):
        with tempfile.NamedTemporaryFile("w", prefix="keys-") as keys:
            keys.write("key-of-anna\nkey-of-bert\n")
            keys.flush()
            engine = self.started(Engine(SLOTS, SLOTS * TRAINED))
            code, checks = examine(engine.port, "--auth.keys_file", keys.name)
            self.assertEqual(code, 0)
            self.assert_named(checks, "tenants", "warn", "--cache-ram 0")
            engine = self.started(Engine(SLOTS, SLOTS * TRAINED, "--cache-ram", "0"))
            _, checks = examine(engine.port, "--auth.keys_file", keys.name)
            self.assert_named(checks, "tenants", "ok")

    def test_nobody_listens(self):
        code, checks = examine(free_port())
        self.assertEqual(code, 1)
        self.assert_named(checks, "reachable", "fail", "start llama-server")

    def test_slots_are_hidden(self):
        code, checks = examine(self.started(Engine(SLOTS, SLOTS * TRAINED, "--no-slots")).port)
        self.assertEqual(code, 1)
        self.assert_named(checks, "slots_endpoint", "fail", "--no-slots")

    def test_idle_slots_are_cleared(self):
        engine = self.launched_without("--no-cache-idle-slots", "-no-kvu", added=["-kvu"])
        code, checks = examine(engine.port)
        self.assertEqual(code, 1)
        self.assert_named(checks, "pinning", "fail", "--no-cache-idle-slots")

    def test_slots_are_saved_in_another_folder(self):
        with tempfile.TemporaryDirectory(dir=WORK) as saves, tempfile.TemporaryDirectory(dir=WORK) as other:
            engine = self.started(Engine(SLOTS, SLOTS * TRAINED, "--slot-save-path", saves))
            code, checks = examine(engine.port, "--upstream.slot_save_path", saves)
            self.assertEqual(code, 0)
            self.assert_named(checks, "slot_folder", "ok")
            self.assertEqual(os.listdir(saves), [])
            for wrong in (other, "/does/not/exist"):
                code, checks = examine(engine.port, "--upstream.slot_save_path", wrong)
                self.assertEqual(code, 1)
                self.assert_named(checks, "slot_folder", "fail", "upstream.slot_save_path")

    def test_slots_cannot_be_saved_and_nothing_is_counted(self):
        code, checks = examine(self.launched_without("--slot-save-path", "--metrics").port)
        self.assertEqual(code, 0)  # it works, with less
        self.assert_named(checks, "slot_save_path", "warn", "--slot-save-path")
        self.assert_named(checks, "metrics", "warn", "--metrics")
