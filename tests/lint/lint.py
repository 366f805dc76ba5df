"""What every lint shares: the list of our files, the proof that the lint can fail, the report."""
import pathlib
import sys

ROOTS = ("proxy", "plugins", "engine", "tests")
FOREIGN = {"node_modules", "__pycache__", ".venv", "venv"}


def sources(*suffixes):
    """Repository paths of our files with these suffixes, sorted."""
    found = [p for root in ROOTS for p in pathlib.Path(root).rglob("*") if p.is_file()]
    found += [p for p in pathlib.Path(".").iterdir() if p.is_file()]
    return sorted(p.as_posix() for p in found
                  if p.suffix in suffixes and not FOREIGN.intersection(p.parts))


def self_test(check, bad, good):
    """Each sample is (path, text). A lint that cannot fail proves nothing."""
    for path, text in bad:
        if not list(check(path, text)):
            sys.exit(f"{sys.argv[0]}: misses its own bad sample {path}: {text!r}")
    for path, text in good:
        for line, fault in check(path, text):
            sys.exit(f"{sys.argv[0]}: false alarm on its own good sample {path}: {text!r}: {fault}")


def report(check, paths):
    faults = [f"{path}:{line}: {fault}" for path in paths
              for line, fault in check(path, pathlib.Path(path).read_text())]
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)
