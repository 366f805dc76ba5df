"""PyPI's cache-pressure on a real chat model: agents that send sub-agents, and clients that stop an answer."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from harness.stack import Engine, Keep, WORK

PACKAGE = "cache-pressure==0.6.3"
FOLDER = WORK / "pressure"
MODELS = pathlib.Path(__file__).resolve().parents[2] / "engine/bundle/model.sh"
SLOTS, WINDOW = 4, 4096


def run(command):
    """A failure is the registry's, not ours."""
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        raise unittest.SkipTest(f"PyPI did not give what this needs: {error}") from error
    return done.stdout.strip()


def install():
    if (FOLDER / "installed").exists():
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    run([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile",
         "--target", FOLDER, PACKAGE])
    # One expression of it is read by Python 3.12 and later only.
    source = FOLDER / "cache_pressure/agent_sim.py"
    source.write_text(source.read_text().replace("f'{summary['main_reuse_pct']:.0f}%'",
                                                 "str(round(summary['main_reuse_pct']))"))
    (FOLDER / "installed").touch()


class CachePressure(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        install()
        model = run([MODELS, "smollm2"])
        cls.engine = Engine(SLOTS, SLOTS * WINDOW, model=model).start()
        cls.addClassCleanup(cls.engine.stop)
        cls.keep = Keep(cls.engine.port).start()
        cls.addClassCleanup(cls.keep.stop)

    def simulate(self, name, **options):
        """-> its summary"""
        output = WORK / "logs" / f"{name}.json"
        output.unlink(missing_ok=True)
        flags = [text for key, value in options.items() for text in ("--" + key.replace("_", "-"), str(value))]
        done = subprocess.run([sys.executable, "-m", f"cache_pressure.{name}", "--model", "smollm2", "--base-url",
                               f"http://127.0.0.1:{self.keep.port}/v1", "--max-context", str(WINDOW),
                               "--salt", "7", "--output", str(output), *flags],
                              env={**os.environ, "PYTHONPATH": str(FOLDER)}, capture_output=True, text=True,
                              timeout=600)
        # Its exit code also judges times, which say little where others are at work.
        self.assertTrue(output.exists(), done.stdout + done.stderr)
        self.assertEqual(self.keep.failed_exchanges(), [])
        return json.loads(output.read_text())["summary"]

    def test_main_threads_come_back_from_their_sub_agents(self):
        summary = self.simulate("agent_sim", sessions=3, main_tokens=600, step_tokens=200, sub_tokens=200,
                                sub_windows=2, finalize_tokens=100, max_tokens=8)
        self.assertEqual(summary["finalize_total"], 3, summary)
        self.assertEqual(summary["finalize_ok"], 3, summary)
        self.assertEqual(summary["main_reused"], summary["main_total"], summary)

    def test_an_answer_that_was_stopped_is_gone_on_from(self):
        # The new instruction alone is 70 of these 790 tokens.
        summary = self.simulate("abort_sim", runs=2, context_tokens=600, thinking_tokens=12, max_tokens=200,
                                min_reuse=0.9)
        self.assertTrue(summary["all_ok"], summary)
