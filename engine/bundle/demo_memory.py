"""A conversation far longer than the window: facts, 50 000 tokens about other things, questions.

Most of the other things come as messages that the client claims to have had before, in one request,
as an application does that moves in with its history; the rest is talked turn by turn. Everything
goes over HTTP, and the client resends all of it with each turn."""
import http.client
import json
import pathlib
import random
import sys

from demo_chat import assistant, chat, user

sys.dont_write_bytecode = True  # nothing of ours appears beside the model
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "demo-model"))
import data  # noqa: E402  (needs the path)

TOKENS = 50_000
TURNS = 60  # of these are talked one by one
WINDOW = 1_000
ANSWER = 24  # tokens
FACTS = [("The vault code of the museum is 7341.", "What is the vault code of the museum?", "7341"),
         ("The door code of the castle is 5208.", "What is the door code of the castle?", "5208"),
         ("The owner of the harbor is Klara.", "Who is the owner of the harbor?", "Klara"),
         ("The pin of the locker is 9166.", "What is the pin of the locker?", "9166"),
         ("The room number of the clinic is 3087.", "What is the room number of the clinic?", "3087"),
         ("The alarm code of the bakery is 6425.", "What is the alarm code of the bakery?", "6425")]


def count_tokens(engine, messages):
    text = "\n".join(message["content"] for message in messages)
    connection = http.client.HTTPConnection("127.0.0.1", engine, timeout=60)
    connection.request("POST", "/tokenize", json.dumps({"content": text}))
    tokens = json.loads(connection.getresponse().read())["tokens"]
    connection.close()
    return len(tokens)


def make_small_talk(engine, chance):
    """-> messages of TOKENS tokens about none of the facts"""
    talk, tokens = [], 0
    while tokens < TOKENS:
        piece = []
        for _ in range(200):
            said, answered = data.chat(chance)
            piece += [user(said), assistant(answered)]
        talk += piece
        tokens += count_tokens(engine, piece)
    return talk


class Talk:
    def __init__(self, port):
        self.port, self.messages, self.largest_prompt = port, [], 0

    def say(self, text, max_tokens=ANSWER):
        self.messages.append(user(text))
        turn = chat(self.port, self.messages, max_tokens)
        self.messages.append(assistant(turn.text))
        self.largest_prompt = max(self.largest_prompt, turn.cached + turn.prefilled)
        return turn


def hold(port, small_talk):
    """-> Talk that has had it all, and what it answers to each question"""
    talk = Talk(port)
    for statement, _, _ in FACTS:
        talk.say("Please remember: " + statement)
    split = len(small_talk) - 2 * TURNS
    talk.messages += small_talk[:split]
    for message in small_talk[split::2]:
        talk.say(message["content"])
    return talk, [talk.say(question) for _, question, _ in FACTS]


def told(engine, statement, question):
    """-> the model's answer right after it has been told; it cannot be better with anything between"""
    opening = user("Please remember: " + statement)
    noted = assistant(chat(engine, [opening], ANSWER).text)
    return chat(engine, [opening, noted, user(question)], ANSWER).text


def remember(engine, keeps):
    """keeps: ports of a proxy with recall and of one without. Prints the table -> list of faults."""
    able = [value in told(engine, statement, question) for statement, question, value in FACTS]
    small_talk = make_small_talk(engine, random.Random(7))
    arms = [hold(port, small_talk) for port in keeps]
    talk, answers = arms[0]
    tokens = count_tokens(engine, talk.messages)
    print(f"\n{len(FACTS)} facts, then {count_tokens(engine, small_talk)} tokens about other things "
          f"({len(small_talk) // 2 - TURNS} turns as an imported history, {TURNS} talked), "
          f"then the questions:\n")
    print(f"{'question':<40} {'recall':<18} {'answer':<46} without recall")
    faults = []
    for (_, question, value), turn, other, can in zip(FACTS, answers, arms[1][1], able):
        print(f"{question:<40} {turn.headers['X-Keep-Recall']:<18} {turn.text[:44]:<46} {other.text[:44]}")
        if value not in turn.text and not can:
            print("  the model gives no better answer when it has just been told")
        elif value not in turn.text:
            faults.append(f"{question} was answered {turn.text!r}, not {value}")
        if value in other.text:
            faults.append(f"{question} was answered without recall: nothing had to be recalled")
    largest = max(arm.largest_prompt for arm, _ in arms)
    print(f"\nthe conversation has {tokens} tokens, the model never saw more than {largest} at once")
    if largest > WINDOW:
        faults.append(f"a prompt had {largest} tokens, the window has {WINDOW}")
    return faults
