"""Every .cpp has a unit test at its mirrored place, or stands on the list that names the test which covers it."""
import pathlib
import re

from lint import report, self_test, sources

LIST = "tests/covered_by.txt"
ROW = re.compile(r"(\S+) +(\S+)")


def rows(text):
    """-> (line, source, test) of each row; a line that begins with # is a remark"""
    for number, text_of_row in enumerate(text.splitlines(), 1):
        match = ROW.fullmatch(text_of_row)
        if match and not text_of_row.startswith("#"):
            yield number, *match.groups()


def mirror(source):
    return f"tests/unit/{source.removesuffix('.cpp')}_test.cpp"


def checker(exists, listed):
    def check(path, text):
        if path == LIST:
            for line, source, test in rows(text):
                if not exists(source):
                    yield line, f"{source} is not there any more"
                if not exists(test):
                    yield line, f"{test} is not there any more"
                if exists(mirror(source)):
                    yield line, f"{source} has a unit test of its own"
        elif not exists(mirror(path)) and path not in listed:
            yield 1, f"no {mirror(path)}, and no row in {LIST}"
    return check


there = {"proxy/a.cpp", "proxy/b.cpp", "tests/unit/proxy/a_test.cpp", "tests/component/b_test.cpp"}
self_test(checker(there.__contains__, {"proxy/b.cpp"}), bad=[
    ("proxy/c.cpp", ""),
    (LIST, "proxy/c.cpp  tests/component/b_test.cpp\n"),
    (LIST, "proxy/b.cpp  tests/component/c_test.cpp\n"),
    (LIST, "proxy/a.cpp  tests/component/b_test.cpp\n"),
], good=[
    ("proxy/a.cpp", ""),
    ("proxy/b.cpp", ""),
    (LIST, "# b\nproxy/b.cpp  tests/component/b_test.cpp\n"),
])
listed = {source for _, source, _ in rows(pathlib.Path(LIST).read_text())}
report(checker(lambda path: pathlib.Path(path).is_file(), listed),
       [LIST, *(p for p in sources(".cpp") if p.startswith(("proxy/", "plugins/")))])
