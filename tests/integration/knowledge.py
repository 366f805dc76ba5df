"""Stored facts: found when they are asked for, kept through a kill, and seen by their tenant alone."""
import http.client
import json
import signal
import threading

from harness import wire
from harness.stack import StackCase, assistant, text_of, user

STORE, SEARCH, TOPICS = "/v1/knowledge/store", "/v1/knowledge/search", "/v1/knowledge/topics"


class Facts(StackCase):
    def post(self, path, tenant="", expect=200, **body):
        reply = wire.post(self.keep.port, path, body, {"X-Tenant-ID": tenant} if tenant else None)
        self.assertEqual(reply.status, expect, reply.body)
        return reply.json

    def store(self, topic, key, value, tenant=""):
        return self.post(STORE, tenant, topic=topic, key=key, value=value)

    def found(self, query, tenant="", **more):
        return [r["value"] for r in self.post(SEARCH, tenant, query=query, **more)["results"]]

    def ask(self, messages, conversation, tenant=""):
        headers = {"X-Conversation-Id": conversation, **({"X-Tenant-ID": tenant} if tenant else {})}
        return self.chat(messages, headers, max_tokens=32)


class Answers(Facts):
    def test_a_fact_answers_a_question_of_a_fresh_conversation(self):
        self.store("museum", "vault", "The vault code of the museum is 7341.", "asks")
        self.store("pets", "dog", "My dog is named Bruno.", "asks")
        reply = self.ask([user("What is the vault code of the museum?")], "fresh", "asks")
        self.assertIn("7341", text_of(reply))
        self.assertEqual(reply.headers["X-Keep-Recall"], "pre;n=1")
        other = self.ask([user("What is the vault code of the museum?")], "fresh", "others")
        self.assertNotIn("7341", text_of(other))
        self.assertEqual(other.headers["X-Keep-Recall"], "none")

    def test_the_prefix_stays_when_a_fact_stands_in_it(self):
        self.store("pets", "dog", "My dog is named Bruno.", "turns")
        talk = [user("What is my dog's name?")]
        first = self.ask(talk, "turns", "turns")
        self.assertEqual(first.headers["X-Keep-Recall"], "pre;n=1")
        prompt = first.json["usage"]["prompt_tokens"]
        talk += [assistant(text_of(first)), user("Thank you.")]
        second = self.ask(talk, "turns", "turns")
        self.assertEqual(second.headers["X-Keep-Recall"], "none")
        cached = second.json["usage"]["prompt_tokens_details"]["cached_tokens"]
        self.assertGreaterEqual(cached, prompt)
        # It stands in the prompt already, until it has another value.
        talk += [assistant(text_of(second)), user("What is the name of my dog?")]
        third = self.ask(talk, "turns", "turns")
        self.assertEqual(third.headers["X-Keep-Recall"], "none")
        self.store("pets", "dog", "My dog is named Rex.", "turns")
        talk += [assistant(text_of(third)), user("What is my dog's name?")]
        self.assertEqual(self.ask(talk, "turns", "turns").headers["X-Keep-Recall"], "pre;n=1")

    def test_versions_and_topics(self):
        for number, value in enumerate(("Bruno", "Rex", "Waldo"), 1):
            self.assertEqual(self.store("pets", "dog", value, "versions"),
                             {"status": "stored", "topic": "pets", "key": "dog", "version": number})
        result = self.post(SEARCH, "versions", query="dog", versions=True)["results"][0]
        self.assertEqual((result["value"], result["version"]), ("Waldo", 3))
        self.assertEqual([old["value"] for old in result["versions"]], ["Rex", "Bruno"])
        self.store("home", "city", "Hamburg", "versions")
        topics = wire.get(self.keep.port, TOPICS, headers={"X-Tenant-ID": "versions"}).json
        self.assertEqual(topics, {"topics": [{"topic": "home", "entries": 1}, {"topic": "pets", "entries": 1}]})
        self.assertEqual(self.found("dog", "versions", topic="home"), [])

    def test_parts_of_words_and_odd_queries(self):
        self.store("pets", "dog", "Bruno", "odd")
        self.assertEqual(self.found("run", "odd"), ["Bruno"])
        for query in ('"', "*", "NEAR(", "a AND", "-x", "'", "%", "key:", "^", "\\"):
            self.found(query, "odd")

    def test_limits_are_told_as_clients_expect(self):
        for body in ({"topic": "t" * 257}, {"key": "k" * 257}, {"value": "v" * 65537}, {"topic": ""}, {"key": 3}):
            reply = self.post(STORE, expect=400, **{"topic": "t", "key": "k", "value": "v", **body})
            self.assertEqual(reply["error"]["type"], "invalid_request_error")
        self.store("t", "k", "v" * 65536, "large")
        self.assertEqual(self.found("k", "large"), ["v" * 65536])


class Kept(Facts):
    def test_what_was_answered_as_stored_survives_a_kill(self):
        stored, stop = [], threading.Event()

        def store_on():
            for number in range(100_000):
                if stop.is_set():
                    return
                try:
                    self.store("numbers", f"n{number}", f"value {number}")
                except (OSError, http.client.HTTPException):
                    return
                stored.append(number)

        for _ in range(3):
            stop.clear()
            writer = threading.Thread(target=store_on)
            writer.start()
            writer.join(0.3)
            self.keep.child.send_signal(signal.SIGKILL)
            self.keep.child.wait()
            stop.set()
            writer.join()
            self.keep.start()
            facts = json.loads(wire.get(self.keep.port, "/health").body)["knowledge"]["facts"]
            self.assertGreaterEqual(facts, len(set(stored)))
            self.assertEqual(self.found(f"n{stored[-1]}", limit=1), [f"value {stored[-1]}"])
        self.assertGreater(len(set(stored)), 10)
