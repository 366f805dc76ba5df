"""The verbs that talk to a running llama-keep: chat through a pseudo terminal, conversations, knowledge."""
import http.server
import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import threading
import time
import unittest

from harness import wire
from harness.stack import StackCase, assistant, free_port, user, wait_for

BIN = os.environ["KEEP_BIN"]


def run(*arguments, text=None):
    """-> exit code, output, errors"""
    done = subprocess.run([BIN, *arguments], input=text, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


class Terminal:
    """A program at a pseudo terminal."""

    def __init__(self, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm", LC_ALL="C.UTF-8")
            os.execv(BIN, [BIN, *arguments])
        self.shown = ""
        self.code = None

    def expect(self, expression, seconds=20):
        """-> what was shown up to the end of the match; the rest waits for the next call"""
        end = time.monotonic() + seconds
        while not (found := re.search(expression, self.shown, re.S)):
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"{expression!r} was not shown: {self.shown!r}")
            try:
                self.shown += os.read(self.fd, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError(f"ended before {expression!r}: {self.shown!r}") from None
        text, self.shown = self.shown[:found.end()], self.shown[found.end():]
        return text

    def type(self, text):
        os.write(self.fd, text.encode())

    def await_prompt(self):
        """Until keys are read one by one: what is typed earlier is echoed by the terminal as well."""
        self.expect("> ")
        wait_for(lambda: not termios.tcgetattr(self.fd)[3] & termios.ICANON, 10, "keys are read")

    def say(self, line, expression, seconds=20):
        """Waits for the prompt, types the line. -> what follows, up to the match"""
        self.await_prompt()
        self.type(line + "\n")
        self.expect("\r\n")  # the end of the echo
        return self.expect(expression, seconds)

    def leave(self, keys="/quit\n"):
        """-> exit code"""
        self.type(keys)
        return self.wait()

    def wait(self):
        def ended():
            if select.select([self.fd], [], [], 0)[0]:
                try:
                    os.read(self.fd, 65536)
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
            return pid != 0
        wait_for(ended, 10, "the program ends")
        return self.code

    def close(self):
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


class Commands(StackCase):
    def terminal(self, *flags):
        terminal = Terminal("chat", "--url", self.url, "--temperature", "0", *flags)
        self.addCleanup(terminal.close)
        return terminal

    def test_every_command(self):
        chat = self.terminal("--tenant", "pty", "--conversation", "typed", "--max-tokens", "24")
        self.assertIn("conversation typed", chat.expect("/help lists the commands"))
        for command in ("/topics", "/store <topic> <key> <value>", "/search <query>", "/stats", "/quit"):
            self.assertIn(command, chat.say("/help", "everything|Everything"), command)
        chat.say("/topics", "no facts yet")
        chat.say("/store pets dog My dog is named Bruno.", "stored pets/dog, version 1")
        chat.say('/store pets "my cat" My cat is named Tom.', "stored pets/my cat, version 1")
        chat.say("/store pets dog My dog is named Rex.", "stored pets/dog, version 2")
        chat.say("/topics", "pets  2")
        chat.say("/search dog", r"pets/dog: My dog is named Rex\.  \(version 2\)")
        chat.say("/search xyzzy", "nothing found")
        chat.say("What is my dog's name?", r"Your dog is named Rex\.|Rex")
        stats = chat.say("/stats", "facts +2 on the server")
        for figure in ("conversation +typed", "messages +2", r"recall +pre;n=1", r"answer +\d+ tokens"):
            self.assertRegex(stats, figure)
        chat.say("/sotre a b c", r"unknown command /sotre; did you mean /store\?")
        chat.say("/store pets", "usage: /store <topic> <key> <value>")
        chat.say("/search", "usage: /search <query>")
        chat.await_prompt()
        self.assertEqual(chat.leave("/quit\n"), 0)

    def test_a_conversation_goes_on(self):
        first = self.terminal("--conversation", "again")
        first.say("My dog is named Waldo.", "\r\n")
        first.await_prompt()
        self.assertEqual(first.leave("\x04"), 0)  # Ctrl-D
        second = self.terminal("--conversation", "again")
        self.assertIn("with 2 messages", second.expect("/help lists"))
        self.assertIn("Waldo", second.say("What is my dog's name?", r"\r\n"))
        code, out, _ = run("conversations", "list", "--url", self.url)
        self.assertEqual(code, 0)
        self.assertRegex(out, r"(?m)^again +2 +4 ")

    def test_ctrl_c_gives_a_line_up_and_the_history_has_the_lines(self):
        chat = self.terminal()
        chat.await_prompt()
        chat.type("/nonsense\x03")
        chat.say("/topics", "\r\n")
        chat.await_prompt()
        chat.type("\x1b[A\n")  # arrow up
        self.assertIn("/topics", chat.expect("no facts yet"))

    def test_lines_from_a_pipe(self):
        code, out, errors = run("chat", "--url", self.url, "--temperature", "0",
                                text="My dog is named Bruno.\nWhat is my dog's name?\n")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("Bruno", out.splitlines()[-1])
        code, _, errors = run("chat", "--url", self.url, text="/nonsense\n")
        self.assertEqual(code, 1)
        self.assertIn("unknown command", errors)

    def test_records_can_be_shown_exported_and_ended(self):
        name = "a/b c?d"
        said = [user("My dog is named Bruno."), assistant("Noted."), user("What is my dog's name?")]
        said[0]["name"] = "anna"
        answer = self.chat(said, {"X-Conversation-Id": name}).json["choices"][0]["message"]["content"]
        code, out, _ = run("conversations", "export", name, "--url", self.url)
        self.assertEqual(code, 0)
        entries = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([entry["message"] for entry in entries], [*said, assistant(answer)])
        self.assertEqual([entry["position"] for entry in entries], [0, 1, 2, 3])
        self.assertEqual([entry["parent"] for entry in entries], [None, 0, 1, 2])
        self.assertEqual([entry["turn"] for entry in entries], [1, 1, 2, 2])
        for entry in entries:
            self.assertLess(abs(entry["time"] - time.time()), 60)
            self.assertGreater(entry["tokens"], 0)
        self.assertIn("user: What is my dog's name?", run("conversations", "show", name, "--url", self.url)[1])
        other = run("conversations", "export", name, "--url", self.url, "--tenant", "other")
        self.assertEqual((other[0], other[1]), (1, ""))
        self.assertEqual(run("conversations", "end", name, "--url", self.url)[0], 0)
        code, _, errors = run("conversations", "show", name, "--url", self.url)
        self.assertEqual(code, 1)
        self.assertIn("no conversation", errors)

    def test_long_conversations_come_in_pages(self):
        talk = [message for i in range(1100) for message in (user(f"Line {i}."), assistant("Noted."))]
        self.chat([*talk, user("Hello.")], {"X-Conversation-Id": "long"}, max_tokens=4)
        lines = run("conversations", "export", "long", "--url", self.url)[1].splitlines()
        self.assertEqual([json.loads(line)["message"] for line in lines[:2200]], talk)
        page = wire.get(self.keep.port, "/v1/conversations/long?from=2190&limit=7").json
        self.assertEqual([m["position"] for m in page["messages"]], list(range(2190, 2197)))
        self.assertEqual(page["next"], 2197)
        for bad in ("from=x", "limit=1001"):
            reply = wire.get(self.keep.port, f"/v1/conversations/long?{bad}")
            self.assertEqual((reply.status, reply.json["error"]["type"]), (400, "invalid_request_error"))

    def test_facts_from_the_command_line(self):
        where = ("--url", self.url, "--tenant", "shell")
        fact = ("--topic", "museum", "--key", "vault code", "--value", "7341")
        self.assertIn("version 1", run("knowledge", "add", *fact, *where)[1])
        self.assertIn("museum/vault code: 7341", run("knowledge", "search", "vault", *where)[1])
        self.assertIn("museum  1", run("knowledge", "topics", *where)[1])
        self.assertEqual(run("knowledge", "add", "--topic", "t", *where)[0], 2)


class Half:
    """A server that stops in the middle of its answers."""

    def __init__(self):
        self.bodies = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), self.handler())
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def handler(half):  # noqa: N805 (the handler has a self of its own)
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def do_POST(self):
                half.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                chunk = {"choices": [{"index": 0, "delta": {"content": "half an answer"}}]}
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.flush()
                if half.bodies[-1]["messages"][-1]["content"] != "stop":
                    self.connection.recv(1)  # until the client leaves
        return Handler


class Interrupted(unittest.TestCase):
    def setUp(self):
        self.server = Half()
        self.chat = Terminal("chat", "--url", f"http://127.0.0.1:{self.server.port}", "--system", "Be brief.")
        self.addCleanup(self.chat.close)

    def test_ctrl_c_stops_the_answer_and_not_the_program(self):
        self.addCleanup(self.server.stop)
        self.chat.say("one", "half an answer")
        begun = time.monotonic()
        self.chat.type("\x03")
        self.chat.expect(r"\[interrupted\]")
        self.assertLess(time.monotonic() - begun, 1)
        self.chat.say("stop", "the answer ended too early")
        self.assertEqual(self.server.bodies[-1]["messages"], [
            {"role": "system", "content": "Be brief."}, user("one"), assistant("half an answer"), user("stop")])
        self.chat.await_prompt()
        self.assertEqual(self.chat.leave(), 0)

    def test_a_server_that_goes_away_is_named(self):
        self.chat.await_prompt()
        self.server.stop()
        self.chat.type("hello\n")
        self.chat.expect(f"nobody listens at http://127.0.0.1:{self.server.port}")
        self.chat.await_prompt()
        self.assertEqual(self.chat.leave(), 0)
        for verb in (("chat",), ("conversations", "list"), ("knowledge", "topics")):
            code, _, errors = run(*verb, "--url", f"http://127.0.0.1:{self.server.port}", text="")
            self.assertEqual(code, 1)
            self.assertIn("start llama-keep (llama-keep serve) or name it with --url", errors)
