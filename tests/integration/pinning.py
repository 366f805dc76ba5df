"""Twenty conversations without an id take turns: each keeps its slot and prefills only what is new.

What is in a slot after a turn is the prompt and the answer without its last token: that one was
sampled, but never evaluated. So a turn prefills its new tokens and one more."""
from harness import wire
from harness.stack import StackCase, TRAINED, assistant, user, wait_for

CONVERSATIONS = 20


def turns(i):
    return [f"Please remember: The vault code of the museum is {5000 + 37 * i}.",
            f"My dog's name is {('Bruno', 'Rex', 'Luna', 'Max')[i % 4]}.",
            "What is the vault code of the museum?"]


class Talk:
    def __init__(self, i):
        self.turns = turns(i)
        self.messages = []
        self.slot = None
        self.held = 0  # tokens in the slot


class Pinning(StackCase):
    SLOTS = CONVERSATIONS
    CTX = SLOTS * TRAINED
    KEEP_FLAGS = ("--upstream.pool_tokens", str(CTX))

    def ask_chat(self, messages):
        """-> text, prefilled, cached, generated, slot"""
        reply = self.chat(messages, max_tokens=40)
        timings = reply.json["timings"]
        return (reply.json["choices"][0]["message"]["content"], timings["prompt_n"],
                timings["cache_n"], timings["predicted_n"], reply.headers["X-Keep-Slot"])

    def ask_messages(self, messages):
        reply = wire.post(self.keep.port, "/v1/messages", {
            "model": "demo", "max_tokens": 40, "temperature": 0, "messages": messages})
        self.assertEqual(reply.status, 200, reply.body)
        usage = reply.json["usage"]
        return (reply.json["content"][0]["text"], usage["input_tokens"],
                usage["cache_read_input_tokens"], usage["output_tokens"], reply.headers["X-Keep-Slot"])

    def converse(self, ask):
        talks = [Talk(i) for i in range(CONVERSATIONS)]
        for turn in range(3):
            for i, talk in enumerate(talks):
                talk.messages.append(user(talk.turns[turn]))
                text, prefilled, cached, generated, slot = ask(talk.messages)
                total = self.engine.count_tokens(talk.messages)
                where = f"conversation {i}, turn {turn}"
                self.assertEqual(prefilled + cached, total, where)
                if turn:
                    self.assertEqual(slot, talk.slot, where)
                    self.assertEqual(prefilled, total - talk.held, where)
                talk.messages.append(assistant(text))
                talk.slot, talk.held = slot, total + generated - 1
        self.assertEqual(len({talk.slot for talk in talks}), CONVERSATIONS)


class ChatCompletions(Pinning):
    def test_what_was_ended_is_in_no_slot(self):
        reply = self.chat([user("My bank pin is 7341.")], {"X-Conversation-Id": "ended"}, max_tokens=4)
        slot = int(reply.headers["X-Keep-Slot"])
        self.assertGreater(self.engine.slots()[slot]["n_prompt_tokens"], 0)
        ended = wire.post(self.keep.port, "/v1/conversations/end", {"conversation_id": "ended"})
        self.assertEqual(ended.status, 200, ended.body)
        wait_for(lambda: self.engine.slots()[slot]["n_prompt_tokens"] == 0, 5, "the slot is empty")

    def test_chat_completions(self):
        self.converse(self.ask_chat)


class Messages(Pinning):
    """With servers of its own: threads that came back before would be kept rather than new ones."""

    def test_messages(self):
        self.converse(self.ask_messages)
