"""More clients than slots: who waits, in which order, who is turned away, and who has left."""
import concurrent.futures
import select
import threading
import time

from harness import wire
from harness.stack import StackCase, TRAINED, user, wait_for

CHAT = "/v1/chat/completions"
QUEUE = 64


class AdmissionCase(StackCase):
    # A pool far larger than the slots need makes each step slow, so that a long answer holds its
    # slot for seconds.
    CTX = 64 * TRAINED
    KEEP_FLAGS = ("--admission.queue", str(QUEUE), "--upstream.pool_tokens", str(CTX))

    def open(self, text, tenant="one", **fields):
        """A stream of its own conversation; closed with the test."""
        stream = wire.Stream(self.keep.port, CHAT, {
            "messages": [user(text)], "temperature": 0, "max_tokens": 4, **fields},
            {"X-Tenant-ID": tenant})
        self.addCleanup(stream.close)
        return stream

    def queued(self):
        return self.keep.metric("llama_keep_queue_depth")

    def enqueue(self, text, tenant="one", **fields):
        """Opens a stream and waits until the proxy has queued it."""
        before = self.queued()
        stream = self.open(text, tenant, **fields)
        wait_for(lambda: self.queued() > before, 2, f"{text} is queued")
        return stream

    def hold_all_slots(self):
        """-> one stream per slot, each in the middle of a long answer"""
        held = [self.open(f"Hello from holder {i}.", max_tokens=TRAINED, ignore_eos=True)
                for i in range(self.SLOTS)]
        for stream in held:
            self.assertEqual(stream.head.status, 200)
        wait_for(lambda: len(self.engine.busy()) == self.SLOTS, 2, "every slot busy")
        return held

    def tearDown(self):
        self.doCleanups()
        self.engine.wait_idle(2)
        wait_for(lambda: self.queued() == 0, 2, "an empty queue")


class Order(AdmissionCase):
    def start_order(self, streams):
        """Reads every stream to its end in a thread -> names by the time of their first byte."""
        started = []

        def read(name, stream):
            status = stream.head.status
            started.append((time.monotonic(), name, status, stream.text()))

        readers = [threading.Thread(target=read, args=item, daemon=True) for item in streams.items()]
        for reader in readers:
            reader.start()
        return started, readers

    def test_64_clients_on_4_slots_all_served(self):
        streams = {i: self.open(f"Client {i} says hello.", max_tokens=8) for i in range(64)}
        started, readers = self.start_order(streams)
        for reader in readers:
            reader.join(60)
        self.assertEqual(sorted(name for _, name, _, _ in started), list(range(64)))
        self.assertEqual({status for _, _, status, _ in started}, {200})
        self.assertTrue(all(text for _, _, _, text in started))

    def test_each_tenant_is_served_in_order(self):
        held = self.hold_all_slots()
        streams = {(tenant, i): self.enqueue(f"Client {i} of {tenant}.", tenant)
                   for i in range(12) for tenant in ("one", "two")}
        started, readers = self.start_order(streams)
        held[0].close()  # one slot for all of them: what starts first also answers first
        for reader in readers:
            reader.join(60)
        self.assertTrue(all(status == 200 for _, _, status, _ in started))
        for tenant in ("one", "two"):
            order = [name[1] for _, name, _, _ in sorted(started) if name[0] == tenant]
            self.assertEqual(order, list(range(12)), tenant)


class Overload(AdmissionCase):
    FAILURES = r"status=503"

    def test_one_too_many_is_told_to_come_back(self):
        self.hold_all_slots()
        for i in range(QUEUE):
            self.open(f"Client {i} waits.")
        wait_for(lambda: self.queued() == QUEUE, 5, "a full queue")
        begun = time.monotonic()
        refused = wire.post(self.keep.port, CHAT, {"messages": [user("One more.")]},
                            {"X-Tenant-ID": "one"})
        self.assertEqual(refused.status, 503)
        self.assertLess(time.monotonic() - begun, 1)
        self.assertGreater(int(refused.headers["Retry-After"]), 0)
        self.assertTrue(refused.json["error"]["message"])
        self.assertEqual(self.queued(), QUEUE)

    def test_exactly_one_of_69_is_refused(self):
        clients = self.SLOTS + QUEUE + 1
        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            streams = list(pool.map(lambda i: self.open(
                f"Client {i} of many.", max_tokens=TRAINED, ignore_eos=True), range(clients)))

        def answered():
            sockets = {stream.connection.sock: stream for stream in streams}
            return [sockets[sock] for sock in select.select(sockets, [], [], 0)[0]]

        wait_for(lambda: len(answered()) == self.SLOTS + 1, 5, "4 run, 64 wait, 1 is told")
        heads = sorted((stream.head for stream in answered()), key=lambda head: head.status)
        self.assertEqual([head.status for head in heads], [200] * self.SLOTS + [503])
        self.assertGreater(int(heads[-1].headers["Retry-After"]), 0)
        self.assertEqual(self.queued(), QUEUE)


class Leaving(AdmissionCase):
    def test_in_the_queue_never_reaches_the_engine(self):
        self.hold_all_slots()
        launched = self.engine.launches()
        waiting = self.enqueue("I shall leave.")
        waiting.close()
        wait_for(lambda: self.queued() == 0, 1, "it left the queue")
        self.doCleanups()
        self.engine.wait_idle(1)
        self.assertEqual(self.engine.launches(), launched)

    def test_in_the_middle_of_a_stream_frees_the_slot(self):
        stream = self.open("Tell me everything.", max_tokens=TRAINED, ignore_eos=True)
        events = iter(stream)
        for _ in range(5):
            next(events)
        stream.close()
        self.engine.wait_idle(1)

    def test_before_a_whole_answer_frees_the_slot(self):
        stream = wire.Stream(self.keep.port, CHAT, {
            "messages": [user("Hello.")], "max_tokens": TRAINED, "ignore_eos": True}, stream=False)
        wait_for(self.engine.busy, 2, "the slot works")
        stream.close()
        self.engine.wait_idle(1)


class LeavingPrefill(AdmissionCase):
    ENGINE_FLAGS = ("-b", "32", "-ub", "32")

    def test_frees_the_slot_within_a_batch(self):
        text = " ".join(f"The code of door {i} is {3000 + i}." for i in range(70))
        stream = self.open(text, return_progress=True)
        total = next(event["prompt_progress"]["total"] for event in stream
                     if event["prompt_progress"]["processed"])
        stream.close()
        self.engine.wait_idle(1)
        held = max(slot.get("n_prompt_tokens", 0) for slot in self.engine.slots())
        self.assertLess(held, total)
