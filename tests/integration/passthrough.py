"""What the proxy does not understand, or is told not to touch, arrives as if it were not there."""
import re

from harness import wire
from harness.stack import StackCase, user

# "stream": a completion that is not streamed tells that the proxy streamed it.
CHANGING = re.compile(
    rb'"(id|created|timings|media_marker|stream)":("[^"]*"|\d+|\{[^}]*\}|true|false)')


def stable(body):
    return CHANGING.sub(b"", body)


class Native(StackCase):
    def same(self, method, path, body=None):
        direct = wire.request(self.engine.port, method, path, body)
        through = wire.request(self.keep.port, method, path, body)
        self.assertEqual((through.status, stable(through.body)), (direct.status, stable(direct.body)))
        self.assertEqual(through.headers["Content-Type"], direct.headers["Content-Type"])
        return direct

    def test_get(self):
        for path in ("/props", "/slots", "/v1/nothing", "/nothing?a=%20b"):
            with self.subTest(path):
                self.same("GET", path)

    def test_tokenize(self):
        self.assertTrue(self.same("POST", "/tokenize", '{"content":"Hello."}').json["tokens"])

    def test_apply_template(self):
        self.same("POST", "/apply-template", '{"messages":[{"role":"user","content":"Hi"}]}')

    def test_native_completion(self):
        body = '{"prompt":"The vault","n_predict":6,"temperature":0,"id_slot":0,"cache_prompt":false}'
        self.assertTrue(self.same("POST", "/completion", body).json["content"])

    def test_broken_json(self):
        self.assertEqual(self.same("POST", "/tokenize", '{"content":').status, 400)

    def test_a_body_of_20_megabytes(self):
        body = '{"unused":"' + "x" * (20 << 20) + '","content":"Hello."}'
        self.assertTrue(self.same("POST", "/tokenize", body).json["tokens"])


class PluginsOff(StackCase):
    KEEP_FLAGS = ("--slots.enabled", "false", "--identity.enabled", "false",
                  "--hygiene.enabled", "false", "--headers.explain", "false")

    def test_streams_are_equal_byte_for_byte(self):
        fields = '"temperature":0,"id_slot":0,"cache_prompt":false,"max_tokens":12,"stream":true'
        for path, prompt in (
                ("/v1/chat/completions", f'"messages":[{{"role":"user", "content":"Hello."}}]'),
                ("/v1/completions", '"prompt":"The vault"'),
                ("/completion", '"prompt":"The vault"')):
            body = f"{{ {prompt}, {fields} }}"
            direct = wire.request(self.engine.port, "POST", path, body)
            through = wire.request(self.keep.port, "POST", path, body)
            with self.subTest(path):
                self.assertEqual(stable(through.body), stable(direct.body))
                ours = {name for name in through.headers if name.lower().startswith("x-keep")}
                self.assertEqual(ours, set())
