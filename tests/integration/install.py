"""./dev install: the program, its service and its configuration, ready to run, and never over an operator's file."""
import os
import pathlib
import subprocess
import tempfile
import unittest

REPO = pathlib.Path(__file__).resolve().parents[2]


def install(prefix, staging):
    env = {**os.environ, "DESTDIR": str(staging)}
    return subprocess.run(["./dev", "install", prefix], cwd=REPO, env=env, capture_output=True, text=True,
                          timeout=600)


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="keep-install-")
        self.addCleanup(folder.cleanup)
        self.staging = pathlib.Path(folder.name)

    def test_what_is_installed_runs_and_finds_its_files(self):
        done = install("/usr", self.staging)
        self.assertEqual(done.returncode, 0, done.stderr)
        program = self.staging / "usr/bin/llama-keep"
        self.assertLess(program.stat().st_size, 8 << 20)  # without debug information
        unit = (self.staging / "usr/lib/systemd/system/llama-keep.service").read_text()
        self.assertIn("ExecStart=/usr/bin/llama-keep serve --config /etc/llama-keep/llama-keep.toml", unit)
        configuration = self.staging / "etc/llama-keep/llama-keep.toml"
        checked = subprocess.run([program, "serve", "--check-config", "--config", configuration],
                                 capture_output=True, text=True, timeout=60)
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_the_service_is_exposed_to_little(self):
        unit = REPO / "systemd/llama-keep.service"
        rated = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=12", unit],
                               capture_output=True, text=True, timeout=60)
        self.assertEqual(rated.returncode, 0, rated.stdout[-200:] + rated.stderr)
        self.assertIn("WatchdogSec=", unit.read_text())

    def test_a_configuration_that_is_there_stays(self):
        configuration = self.staging / "opt/keep/etc/llama-keep/llama-keep.toml"
        configuration.parent.mkdir(parents=True)
        configuration.write_text("# mine\n")
        self.assertEqual(install("/opt/keep", self.staging).returncode, 0)
        self.assertEqual(configuration.read_text(), "# mine\n")
        unit = (self.staging / "opt/keep/lib/systemd/system/llama-keep.service").read_text()
        self.assertIn("ExecStart=/opt/keep/bin/llama-keep serve --config /opt/keep/etc/llama-keep/", unit)

    def test_a_prefix_that_names_no_place_is_refused(self):
        done = install("opt/keep", self.staging)
        self.assertEqual(done.returncode, 2)
        self.assertIn("must begin with /", done.stderr)
