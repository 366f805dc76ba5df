"""Name first, then await. GCC 12 destroys some temporaries twice when they live in a full expression
that contains co_await: braced temporaries, ?: of class type, lambdas that capture by value."""
import re

from lint import report, self_test, sources

NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|^[ \t]*#(?:\\\n|[^\n])*|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
                   r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S | re.M)
TOKEN = re.compile(r"\w+|->|::|&&|\[\[|\]\]|[^\s\w]")
OPEN = {"(": ")", "[": "]", "{": "}", "[[": "]]"}
CONTROL = {"if", "while", "for", "switch", "constexpr", "catch"}
BEFORE_BODY = {")", ";", ":", "else", "do", "try", "mutable", "noexcept", "const", "override",
               "final", "constexpr"}
DEFINES = {"struct", "class", "union", "enum", "namespace", "extern"}
SHAPES = {"{": "a braced value", "?": "?:", "[": "a lambda that captures by value"}


class Code:
    def __init__(self, text):
        clean = NOISE.sub(lambda m: " " + "\n" * m[0].count("\n"), text)
        found = list(TOKEN.finditer(clean))
        self.tokens = [m[0] for m in found]
        self.lines = [clean.count("\n", 0, m.start()) + 1 for m in found]
        self.partner, self.parent, stack = {}, [], []
        for i, token in enumerate(self.tokens):
            if token in OPEN.values() and stack:
                self.partner[i] = stack.pop()
                self.partner[self.partner[i]] = i
            self.parent.append(stack[-1] if stack else None)
            if token in OPEN:
                stack.append(i)

    def before(self, i):
        return self.tokens[i - 1] if i > 0 else ";"

    def is_lambda(self, i):
        """Is the [ at i a capture list? Else it is a subscript or a structured binding."""
        before = self.before(i)
        name = re.fullmatch(r"\w+", before) and before not in ("return", "co_return", "co_await")
        binding = before in ("&", "&&") and self.before(i - 1) == "auto"
        return not name and not binding and before not in (")", "]", ">")

    def is_block(self, i):
        """Does the { at i open statements (a body) rather than a braced value?"""
        before, parent = self.before(i), self.parent[i]
        if before in BEFORE_BODY:
            return True
        if before == "]":
            return self.is_lambda(self.partner[i - 1])
        if before in ("{", "}"):
            return parent is None or (self.tokens[parent] == "{" and self.is_block(parent))
        for j in range(i - 1, -1, -1):  # a return type or the head of a type definition
            if self.tokens[j] == "->" or self.tokens[j] in DEFINES:
                return True
            if self.tokens[j] in "(){};=?" or self.tokens[j] in ("return", "co_return"):
                return False
        return False

    def is_header(self, i):
        return self.tokens[i] == "(" and self.before(i) in CONTROL

    def start(self, i):
        """First token of the full expression around token i."""
        while i > 0:
            before = i - 1
            token = self.tokens[before]
            if token == ";" or (token == "{" and self.is_block(before)) or self.is_header(before):
                return i
            if token in OPEN.values() and before in self.partner:
                opener = self.partner[before]
                if self.is_header(opener) or (token == "}" and self.is_block(opener)):
                    return i
                before = opener
            i = before
        return 0

    def shapes(self, start):
        """The suspicious tokens of the full expression that starts here; bodies of lambdas are apart."""
        i = start
        depth = 0
        while i < len(self.tokens):
            token = self.tokens[i]
            if token == "{" and self.is_block(i):
                i = self.partner.get(i, len(self.tokens))
            elif token in OPEN:
                depth += 1
                if token == "{" or (token == "[" and self.is_lambda(i) and self.by_value(i)):
                    yield token
            elif token in OPEN.values():
                depth -= 1
            elif token == "?":
                yield token
            if depth < 0 or (token == ";" and depth == 0):
                return
            i += 1

    def by_value(self, i):
        captures = " ".join(self.tokens[i + 1:self.partner[i]])
        return any(c.strip() and not re.match(r"&|this$", c.strip()) for c in captures.split(","))


def check(path, text):
    code = Code(text)
    awaits = [i for i, token in enumerate(code.tokens) if token == "co_await"]
    for start in sorted({code.start(i) for i in awaits}):
        for shape in sorted(set(code.shapes(start))):
            yield code.lines[start], f"{SHAPES[shape]} in a statement with co_await: name it first"


def body(statement):
    return "a.cpp", "awaitable<void> f() {\n  g();\n  " + statement + "\n}\n"


self_test(check, bad=[body(s) for s in (
    "co_await f(Opts{a, b});", "co_await f(c ? s1() : s2());", "co_await run([x] { return x; });",
    "co_await run([x = y](int) -> int { return x; }, tok);", "co_await Job{}.run();",
    "Agg g{co_await a(), co_await b()};", "co_return Agg{co_await a(), 1};",
    "co_return c ? co_await a() : T();", 'co_await f({"a", "b"});', "if (co_await f(T{1})) g();",
    "auto x = co_await f(std::vector<int>{7, 8});", "while (a) { co_await f({b}); }",
)], good=[body(s) for s in (
    "auto [ec, n] = co_await f(x);", "const auto& [a, b] = co_await f();", "m[k] = co_await f(v[i]);",
    "if (co_await f()) {\n g(a ? b : c);\n}", "if (auto x = co_await f(); x.ok()) { T t{1}; }",
    "for (auto& x : co_await f()) {\n  T t{x};\n}", "if (a ? b : c) co_await f();",
    "T t{1};\n  co_await f(t);", "switch (co_await f()) { case 1: { co_await g(); } }",
    "auto job = [x]() -> awaitable<void> { co_await f(x); };\n  co_await run(std::move(job));",
    "co_spawn(ex, [p]() -> awaitable<void> { co_await p->run(); }, detached);",
    "co_await run([&x] { return x ? 1 : 0; });", "auto s = p ? 1 : 0;\n  co_await f(s, \"{?\", '{');",
    "[[maybe_unused]] auto r = co_await f();", "// co_await f(T{1});", "try {\n co_await f();\n} catch (...) {}",
    "std::array<int, 2> a{1, 2};\n  if (x) { T{}; } else { co_await f(a); }",
)])
report(check, sources(".cpp", ".hpp"))
