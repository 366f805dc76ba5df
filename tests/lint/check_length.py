"""No file over 400 lines: a longer one holds two things."""
from lint import report, self_test, sources

LIMIT = 400


def check(path, text):
    lines = text.count("\n")
    if lines > LIMIT and not path.startswith("engine/demo-model/"):
        yield LIMIT + 1, f"{lines} lines, the limit is {LIMIT}"


self_test(check, bad=[("proxy/a.cpp", "\n" * 401)], good=[("proxy/a.cpp", "\n" * 400)])
report(check, ["dev", "CMakeLists.txt", *sources(".cpp", ".hpp", ".h", ".py", ".sh", ".js", ".mjs")])
