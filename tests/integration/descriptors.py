"""Clients without number do not take the descriptors that what is said is written with."""
import contextlib
import http.client
import json
import socket

from harness import wire
from harness.stack import ScriptedCase, user, wait_for

LIMIT, CLIENTS, TALKS = 200, 300, 60


class Descriptors(ScriptedCase):
    @staticmethod
    def answer(body):
        return "I see."

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keep.stop()
        cls.keep.argv = ["prlimit", f"--nofile={LIMIT}:{LIMIT}", *cls.keep.argv]
        cls.keep.start()

    def crowd(self, stack):
        """Clients that say nothing yet: those who are let in take a descriptor each, the others wait."""
        for _ in range(CLIENTS):
            client = socket.socket()
            stack.callback(client.close)
            client.settimeout(0.2)
            with contextlib.suppress(OSError):
                client.connect(("127.0.0.1", self.keep.port))

    def test_written_however_many_clients_there_are(self):
        with contextlib.ExitStack() as stack:
            link = http.client.HTTPConnection("127.0.0.1", self.keep.port, timeout=10)
            stack.callback(link.close)
            link.connect()
            self.crowd(stack)
            for talk in range(TALKS):
                body = json.dumps({"messages": [user(f"Statement {talk}.")]})
                link.request("POST", "/v1/chat/completions", body, {"X-Conversation-Id": f"talk-{talk}"})
                reply = link.getresponse()
                reply.read()
                self.assertEqual(reply.status, 200)
                self.assertIsNone(reply.headers.get("X-Keep-Record"), talk)
        wait_for(lambda: wire.get(self.keep.port, "/health").status == 200, 10, "room again")
        for talk in range(TALKS):
            page = wire.get(self.keep.port, f"/v1/conversations/talk-{talk}").json
            self.assertEqual(len(page["messages"]), 2, talk)
        self.assertIn("the limit on open files is low", self.keep.text())
