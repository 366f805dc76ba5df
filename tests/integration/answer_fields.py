"""What a client asks to see of an answer: it gets the same as from llama-server itself, and the end stays visible to us."""
import re

from harness import wire
from harness.stack import Engine, StackCase, user

CHANGING = re.compile(rb'"(id|created|stream|[a-z_]+_ms|[a-z_]+_per_second)":("[^"]*"|[0-9.e+-]+|true|false)')
PROMPT = {"prompt": "The vault", "n_predict": 5, "temperature": 0, "seed": 1, "id_slot": 0, "cache_prompt": False}
TURN = {"messages": [user("Hello.")], "max_tokens": 5, "temperature": 0, "seed": 1, "id_slot": 0,
        "cache_prompt": False}
LISTS = (["content"], ["stop", "content"], ["timings/predicted_n", "generation_settings/n_predict", "nothing", "stop"],
         ["index", "index"], [""], ["content/", "/content"], [], "content", ["content", 3], None)


def stable(body):
    """Without what differs from run to run, and without the nothing that llama-server says of a prompt that begins
    while another has been answered; asked for progress, as it is by us, it tells that instead."""
    return CHANGING.sub(rb'"\1":0', body.replace(b"data: null\n\n", b""))


class AnswerFields(StackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bare = Engine(cls.SLOTS, cls.CTX)  # its slots hold what its own requests left
        cls.addClassCleanup(cls.bare.stop)
        cls.bare.start()

    def same(self, path, body, streams=(False, True)):
        """-> bodies through the proxy: JSON, stream"""
        got = []
        for stream in streams:
            with self.subTest(path, body=body, stream=stream):
                want = wire.post(self.bare.port, path, {**body, "stream": stream})
                reply = wire.post(self.keep.port, path, {**body, "stream": stream})
                self.assertEqual((reply.status, stable(reply.body)), (want.status, stable(want.body)))
                got.append(reply.body)
        return got

    def generated(self):
        return self.keep.metric("llama_keep_generated_tokens_total")

    def test_response_fields(self):
        for path in ("/completion", "/completions"):
            for fields in LISTS:
                self.same(path, {**PROMPT, "response_fields": fields})

    def test_what_is_left_out_is_counted_all_the_same(self):
        before = self.generated()
        whole, _ = self.same("/completion", {**PROMPT, "response_fields": ["content"]})
        self.assertNotIn(b"timings", whole)
        self.assertEqual(self.generated() - before, 10)

    def test_several_prompts(self):
        several = {**PROMPT, "prompt": ["The vault", "A door", [262]]}
        self.same("/completion", several)
        self.same("/completion", {**several, "response_fields": ["content", "index"]})
        self.same("/v1/completions", several, streams=(False,))  # the ids of a stream's chunks are one

    def test_other_fields_of_a_completion(self):
        for more in ({"n_probs": 2}, {"n_probs": 2, "post_sampling_probs": True}, {"return_tokens": True},
                     {"timings_per_token": True}, {"return_progress": True}, {"n_predict": 0},
                     {"n_probs": 1, "response_fields": ["completion_probabilities", "tokens"]},
                     {"return_progress": True, "response_fields": ["stop_type"]}):
            self.same("/completion", {**PROMPT, **more})
        self.same("/v1/completions", {**PROMPT, "response_fields": ["content"], "logprobs": 1})

    def test_probabilities_end_with_the_text(self):
        stops = {**PROMPT, "n_predict": 12, "stop": ["7", "e"]}
        for path, more in (("/completion", {"n_probs": 2}), ("/v1/completions", {"logprobs": 2})):
            self.same(path, {**stops, **more}, streams=(False,))
        tools = [{"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}]
        for more in ({"stop": ["e"]}, {"max_tokens": 60}, {"tools": tools}):
            self.same("/v1/chat/completions", {**TURN, **more, "logprobs": True}, streams=(False,))

    def test_fields_of_a_chat(self):
        for more in ({"return_progress": True}, {"timings_per_token": True}, {"logprobs": True, "top_logprobs": 2},
                     {"stream_options": {"include_usage": True}}, {"stream_options": {"include_usage": False}},
                     {"response_fields": ["content"]}, {"return_tokens": True}):
            self.same("/v1/chat/completions", {**TURN, **more})

    def test_choices(self):
        for more in ({"n": 2}, {"n_cmpl": 2}, {"n": 2, "n_cmpl": 1}):
            self.same("/v1/chat/completions", {**TURN, **more}, streams=(False,))
            self.same("/completion", {**PROMPT, **more, "response_fields": ["index", "content"]}, streams=(False,))

    def test_infill_is_not_ours(self):
        body = {"input_prefix": "a", "input_suffix": "b", "response_fields": ["content"]}
        self.same("/infill", body)

    def test_messages(self):
        body = {**TURN, "stop_sequences": ["!"], "response_fields": ["content"], "verbose": False}
        self.assertEqual(wire.post(self.keep.port, "/v1/messages", body).json["stop_reason"], "stop_sequence")
