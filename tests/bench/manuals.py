"""Prose of many authors: the manuals in Debian's documentation packages, installed if need be."""

import glob
import html.parser
import os
import pathlib
import subprocess

MANUALS = {  # package: its English pages
    "debian-faq": "/usr/share/doc/debian/FAQ/*.en.html",
    "debian-policy": "/usr/share/doc/debian-policy/**/*.html",
    "developers-reference": "/usr/share/developers-reference/*.html",
    "debian-handbook": "/usr/share/doc/debian-handbook/html/en-US/*.html",
    "debian-reference-en": "/usr/share/debian-reference/*.en.html",
    "maint-guide": "/usr/share/doc/maint-guide/html/*.en.html",
    "python3.11-doc": "/usr/share/doc/python3.11/html/**/*.html",
    "postgresql-doc-15": "/usr/share/doc/postgresql-doc-15/html/*.html",
}


class Prose(html.parser.HTMLParser):
    """The text of a page, with a line for each block."""
    INLINE = {"a", "abbr", "b", "code", "em", "i", "span", "strong", "tt", "var", "kbd", "sup", "sub"}
    UNSEEN = {"script", "style", "head"}

    def __init__(self):
        super().__init__()
        self.pieces = []
        self._unseen = 0

    def handle_starttag(self, tag, attrs):
        self._unseen += tag in self.UNSEEN
        self._block(tag)

    def handle_endtag(self, tag):
        self._unseen -= tag in self.UNSEEN
        self._block(tag)

    def _block(self, tag):
        if tag not in self.INLINE:
            self.pieces.append("\n```\n" if tag == "pre" else "\n")

    def handle_data(self, data):
        if not self._unseen:
            self.pieces.append(data)


def install(packages):
    status = subprocess.run(["dpkg-query", "-W", "-f", "${Package}:${db:Status-Status}\n", *packages],
                            capture_output=True, text=True).stdout.split()
    missing = [package for package in packages if f"{package}:installed" not in status]
    if not missing:
        return
    root = [] if os.geteuid() == 0 else ["sudo"]
    subprocess.run([*root, "apt-get", "update", "-qq"])
    subprocess.run([*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq",
                    "--no-install-recommends", "-o", "Acquire::Retries=5",
                    "-o", "DPkg::Lock::Timeout=600", *missing], check=True, stdout=subprocess.DEVNULL)


def found(patterns):
    names = sorted({name for pattern in patterns for name in glob.glob(pattern, recursive=True)})
    return [name for name in names if os.path.isfile(name) and not os.path.islink(name)]


def pages():
    """-> (name, text) of each page; <pre> becomes fenced code, as models write it"""
    install(MANUALS)
    for name in found(MANUALS.values()):
        page = Prose()
        page.feed(pathlib.Path(name).read_text(errors="replace"))
        yield pathlib.Path(name).stem, "".join(page.pieces)
