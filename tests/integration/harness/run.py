"""usage: run.py [--full] [TEST...]: runs every test file of the folder above, or those named.

--full: the long form of the tests that have one (INTEGRATION_FULL).
One line for each test: name, ok or FAIL, seconds. The last line counts them."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import traceback
import unittest

HERE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))

from harness import stack  # noqa: E402  (needs the path)


class Report:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def test(self, name, ok, seconds, detail=""):
        self.passed += ok
        self.failed += not ok
        print(f"{name:<68} {'ok' if ok else 'FAIL':<4} {seconds:6.2f}", flush=True)
        if not ok:
            print("    " + detail.strip().replace("\n", "\n    "), flush=True)

    def skip(self, name, reason):
        self.skipped += 1
        print(f"{name:<68} SKIPPED\n    {reason}", flush=True)


class Result(unittest.TestResult):
    def __init__(self, report):
        super().__init__()
        self.report = report
        self.begun = time.monotonic()

    def line(self, test, detail=""):
        *module, name = test.id().split(".")
        name = f"{module[0]}: {name.removeprefix('test_').replace('_', ' ')}" if module else name
        self.report.test(name, not detail, time.monotonic() - self.begun, detail)
        self.begun = time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()

    def addSuccess(self, test):
        self.line(test)

    def addError(self, test, err):  # also of setUpClass and of the class cleanups
        super().addError(test, err)
        self.line(test, self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:  # the test itself is then neither a success nor a failure
            self.line(test, f"{subtest}\n" + "".join(traceback.format_exception(*err)))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line(test, self.failures[-1][1])

    def addSkip(self, test, reason):  # of a class: its tests are not even counted
        super().addSkip(test, reason)
        self.report.skip(test.id(), reason)


def run_python(path, report):
    suite = unittest.defaultTestLoader.loadTestsFromName(path.stem)
    suite.run(Result(report))


def run_node(path, report):
    """Its tests share one engine and one proxy."""
    class NodeCase(stack.StackCase):
        pass

    NodeCase.setUpClass()
    try:
        env = {"KEEP_URL": NodeCase.url, "ENGINE_PORT": str(NodeCase.engine.port),
               "CLIENTS": str(stack.WORK / "package.json")}
        done = subprocess.run(["node", "--test", f"--test-reporter={HERE / 'harness/reporter.mjs'}", path],
                              env={**os.environ, **env}, capture_output=True, text=True)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        for line in lines:
            report.test(f"{path.stem}: {line['name']}", line["ok"], line["seconds"], line["detail"])
        if not lines:
            report.test(path.stem, False, 0, done.stdout + done.stderr)
    finally:
        NodeCase.doClassCleanups()
        for error in NodeCase.tearDown_exceptions:
            report.test(f"{path.stem}: stop", False, 0, "".join(traceback.format_exception(*error)))


def main(names):
    if "--full" in names:
        names.remove("--full")
        os.environ["INTEGRATION_FULL"] = "1"
    report = Report()
    tests = sorted(path for path in HERE.iterdir() if path.suffix in (".py", ".mjs"))
    for path in tests:
        if not names or path.stem in names:
            (run_python if path.suffix == ".py" else run_node)(path, report)
    skipped = f", {report.skipped} skipped" if report.skipped else ""
    print(f"{report.passed} passed, {report.failed} failed{skipped}")
    return 1 if report.failed or not report.passed else 0


signal.signal(signal.SIGTERM, signal.default_int_handler)  # stops the servers, too
sys.exit(main(sys.argv[1:]))
