"""llama-server keeps what it streams for whoever names the conversation's id: not through us."""
import json
import tempfile

from harness import wire
from harness.stack import StackCase, WORK, user

ID = "one-and-the-same"
PATHS = {
    "/v1/chat/completions": {"messages": [user("Tell me of the vault.")], "max_tokens": 900},
    "/v1/completions": {"prompt": "The vault", "max_tokens": 900},
    "/completion": {"prompt": "The vault", "n_predict": 900},
    "/v1/responses": {"input": "Tell me of the vault.", "max_output_tokens": 900},
    "/v1/messages": {"messages": [user("Tell me of the vault.")], "max_tokens": 900},
}


class Replay(StackCase):
    KEYS = ("key-of-anna", "key-of-bert")

    @classmethod
    def setUpClass(cls):
        keys = tempfile.NamedTemporaryFile("w", dir=WORK, prefix="keys-")
        cls.addClassCleanup(keys.close)
        keys.write("\n".join(cls.KEYS))
        keys.flush()
        cls.KEEP_FLAGS = ("--auth.keys_file", keys.name)
        super().setUpClass()

    def headers(self, key):
        return {"Authorization": f"Bearer {key}", "X-Conversation-Id": ID, "Content-Type": "application/json"}

    def leave(self, port, path, headers):
        """Begins an answer that would be long, and goes when its first bytes are there."""
        with wire.Stream(port, path, {**PATHS[path], "ignore_eos": True}, headers) as stream:
            self.assertEqual(stream.head.status, 200)
            stream.head.read(100)

    def kept(self):
        """Answers that llama-server holds under the id, asked directly."""
        found = wire.post(self.engine.port, "/v1/streams/lookup", {"conversation_ids": [ID]})
        self.assertEqual(found.status, 200, found.body)
        return found.json

    def test_an_abandoned_answer_frees_its_slot_and_is_not_kept(self):
        for path in PATHS:
            with self.subTest(path):
                self.leave(self.keep.port, path, self.headers(self.KEYS[0]))
                self.engine.wait_idle(5)
                self.assertEqual(self.kept(), [])

    def test_nobody_reads_the_answer_of_another(self):
        # As if somebody had been there without us: this time there is something to be read.
        self.leave(self.engine.port, "/v1/chat/completions", {"X-Conversation-Id": ID})
        self.assertTrue(self.kept())
        for key in self.KEYS:
            for method, path in (("GET", f"/v1/stream?conv_id={ID}"), ("DELETE", f"/v1/stream?conv_id={ID}"),
                                 ("GET", f"/v1/stream/{ID}"), ("POST", "/v1/streams/lookup"),
                                 ("GET", f"/v1/%73tream?conv_id={ID}"), ("GET", f"//v1/stream?conv_id={ID}")):
                with self.subTest(path):
                    body = json.dumps({"conversation_ids": [ID]}) if method == "POST" else None
                    refused = wire.request(self.keep.port, method, path, body, self.headers(key))
                    self.assertEqual(refused.status, 404, refused.body)
        self.assertTrue(self.kept())
        ended = wire.request(self.engine.port, "DELETE", f"/v1/stream?conv_id={ID}")
        self.assertLess(ended.status, 300, ended.body)
        self.engine.wait_idle(20)

    def test_with_keys_the_server_s_own_state_stays_hidden(self):
        for method, path in (("GET", "/slots"), ("POST", "/slots/0?action=erase"), ("GET", "/props"),
                             ("POST", "/props"), ("GET", "/lora-adapters"), ("GET", "/%73lots")):
            with self.subTest(path):
                refused = wire.request(self.keep.port, method, path, "{}" if method == "POST" else None,
                                       self.headers(self.KEYS[0]))
                self.assertEqual(refused.status, 404, refused.body)
        counted = wire.post(self.keep.port, "/tokenize", {"content": "Hello."}, self.headers(self.KEYS[0]))
        self.assertTrue(counted.json["tokens"])
