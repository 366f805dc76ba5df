"""Servers come and go, and memory is short: what the clients see of it."""
import signal
import time

from harness import wire
from harness.stack import Engine, StackCase, TRAINED, assistant, text_of, user, wait_for

CHAT = "/v1/chat/completions"


class EngineRestart(StackCase):
    FAILURES = r"status=50[23]"

    def ask(self):
        return wire.post(self.keep.port, CHAT, {"messages": [user("Hello.")], "max_tokens": 4})

    def test_requests_fail_while_it_is_away_and_work_again_after(self):
        self.assertEqual(self.ask().status, 200)
        for signum in (signal.SIGTERM, signal.SIGKILL):
            self.engine.stop(signum)
            for _ in range(3):
                begun = time.monotonic()
                self.assertIn(self.ask().status, (502, 503))
                self.assertLess(time.monotonic() - begun, 5)
            self.assertEqual(wire.get(self.keep.port, "/ready").status, 503)
            self.engine.start()
            wait_for(lambda: self.ask().status == 200, 5, "answers again")
            wait_for(lambda: wire.get(self.keep.port, "/ready").status == 200, 5, "ready again")


class EngineDies(StackCase):
    FAILURES = r"status=200"

    def test_in_the_middle_of_a_stream(self):
        with wire.Stream(self.keep.port, CHAT, {
                "messages": [user("Hello.")], "max_tokens": TRAINED, "ignore_eos": True}) as stream:
            events = iter(stream)
            next(events)
            self.engine.stop(signal.SIGKILL)
            *_, last = events
        self.assertTrue(last["error"]["message"])


class ProxyStops(StackCase):
    def test_a_running_stream_is_drained(self):
        with wire.Stream(self.keep.port, CHAT, {"messages": [user("Hello.")], "temperature": 0,
                                                "max_tokens": 500, "ignore_eos": True}) as stream:
            events = iter(stream)
            next(events)
            self.keep.child.send_signal(signal.SIGTERM)
            *_, last = events
        self.assertEqual(last["choices"][0]["finish_reason"], "length")
        self.assertEqual(last["timings"]["predicted_n"], 500)
        self.assertEqual(self.keep.stop(), 0)


class ProxyDies(StackCase):
    def test_a_client_that_names_no_conversation_goes_on_with_its_own(self):
        talk, reply = [user("My dog is named Bruno.")], None
        for said in ("What is my dog's name?", "Thank you."):
            reply = self.chat(talk, max_tokens=8)
            talk += [assistant(text_of(reply)), user(said)]
        time.sleep(3)  # the table of conversations is written two seconds after a change
        self.keep.kill()
        self.keep.child.wait()
        self.keep.start()
        self.assertEqual(self.chat(talk, max_tokens=8).headers["X-Keep-Conversation"],
                         reply.headers["X-Keep-Conversation"])


class TightPool(StackCase):
    """Sixteen conversations that need three times what the pool holds."""
    SLOTS = 8
    CTX = 2048
    ENGINE_FLAGS = ("-kvu",)
    KEEP_FLAGS = ("--upstream.pool_tokens", str(CTX))
    PADDING = " ".join(["The owner of the harbor is Klara."] * 9)

    def rounds(self, ask):
        histories = [[user(f"Conversation {i}. {self.PADDING}")] for i in range(16)]
        for _ in range(2):
            for i, history in enumerate(histories):
                history += [{"role": "assistant", "content": ask(i, history)},
                            user(f"Go on. {self.PADDING}")]

    def test_the_engine_never_has_to_purge(self):
        self.rounds(lambda _, history: text_of(self.chat(history, max_tokens=8)))
        self.assertNotIn("purging", self.engine.text())
        self.assertNotIn("failed to find free space", self.engine.text())

    def test_without_the_proxy_it_does(self):
        engine = Engine(self.SLOTS, self.CTX, *self.ENGINE_FLAGS)
        self.addCleanup(engine.stop)
        engine.start()
        self.rounds(lambda i, history: text_of(wire.post(engine.port, CHAT, {
            "messages": history, "max_tokens": 8, "id_slot": i % self.SLOTS})))
        self.assertIn("purging", engine.text())
