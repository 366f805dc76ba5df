"""Coding agents as people install them from npm: a session each, with a tool call, against the bundled engine."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness.stack import Engine, Keep, MODEL, WORK, wait_for
from harness.steer import Steer

PACKAGES = ["@anthropic-ai/claude-code@2.1.197", "@openai/codex@0.171.0", "opencode-ai@1.18.33"]
FOLDER = WORK / "agents"
WINDOW = 65536  # more than the tiny model was trained for: it is told what to say, and need not understand
SHELL = "echo keep-7341 > seen"
CALLS = {"Bash": {"command": SHELL, "description": "Print"}, "bash": {"command": SHELL, "description": "Print"},
         "exec_command": {"cmd": SHELL}, "shell_command": {"command": SHELL},
         "shell": {"command": ["sh", "-c", SHELL]}}
ANSWER = "The code is keep-7341."
TEMPLATE = pathlib.Path(__file__).resolve().parents[1] / "golden/tools.jinja"


def install():
    """Once; a failure is the registry's, not ours."""
    if (FOLDER / "installed").exists() and (FOLDER / "installed").read_text() == " ".join(PACKAGES):
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        subprocess.run(["npm", "install", "--prefix", FOLDER, "--silent", "--no-audit", "--no-fund",
                        "--no-package-lock", *PACKAGES], check=True, capture_output=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        raise unittest.SkipTest(f"npm did not give the agents: {error}") from error
    (FOLDER / "installed").write_text(" ".join(PACKAGES))


class Agents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.environ.get("LLAMA_SERVER"):
            raise unittest.SkipTest("the templates of another llama-server are not known")
        install()
        cls.engine = Engine(2, 2 * WINDOW, "--override-kv", f"llama.context_length=int:{WINDOW}",
                            "--jinja", "--chat-template-file", str(TEMPLATE)).start()
        cls.addClassCleanup(cls.engine.stop)
        cls.steer = Steer(cls.engine.port, CALLS, ANSWER).start()
        cls.addClassCleanup(cls.steer.stop)
        cls.keep = Keep(cls.steer.port, "--upstream.pool_tokens", str(2 * WINDOW)).start()
        cls.addClassCleanup(cls.keep.stop)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="agent-", dir=WORK)
        self.addCleanup(folder.cleanup)
        self.home, self.project = pathlib.Path(folder.name) / "home", pathlib.Path(folder.name) / "project"
        self.project.mkdir()
        self.home.mkdir()
        subprocess.run(["git", "init", "-q", self.project], check=True)
        self.url = f"http://127.0.0.1:{self.keep.port}"

    def write(self, path, text):
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def session(self, *command, **env):
        """Runs the agent; it called the tool, got its result, and ended with the answer."""
        env = {**os.environ, "HOME": str(self.home), "PWD": str(self.project),  # opencode goes where that says
               "XDG_CONFIG_HOME": str(self.home / ".config"), **env}
        done = subprocess.run([FOLDER / "node_modules/.bin" / command[0], *command[1:], "Print the code."],
                              cwd=self.project, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=300)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said[-2000:])
        self.assertIn(ANSWER, said)
        self.assertEqual((self.project / "seen").read_text(), "keep-7341\n")
        wait_for(lambda: self.keep.text().count("I exchange ") >= 2, 5, "the lines of both turns")
        self.assertEqual(self.keep.failed_exchanges(), [])

    def test_claude_code(self):
        self.session("claude", "-p", "--allowedTools", "Bash", "--max-turns", "4",
                     ANTHROPIC_BASE_URL=self.url, ANTHROPIC_AUTH_TOKEN="none", ANTHROPIC_MODEL="demo",
                     ANTHROPIC_SMALL_FAST_MODEL="demo", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
                     DISABLE_AUTOUPDATER="1", IS_SANDBOX="1")

    def test_codex(self):
        self.write(".codex/config.toml", f'''model = "demo"
model_provider = "keep"
[model_providers.keep]
name = "keep"
base_url = "{self.url}/v1"
wire_api = "responses"
''')
        self.session("codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")

    def test_opencode(self):
        provider = {"npm": "@ai-sdk/openai-compatible", "name": "keep",
                    "options": {"baseURL": f"{self.url}/v1", "apiKey": "none"},
                    "models": {"demo": {"name": "demo", "tool_call": True}}}
        self.write(".config/opencode/opencode.json", json.dumps({
            "model": "keep/demo", "small_model": "keep/demo", "autoupdate": False,
            "permission": {"bash": "allow"}, "provider": {"keep": provider}}))
        self.session("opencode", "run")
