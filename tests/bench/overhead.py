#!/usr/bin/env python3
"""What llama-keep costs: direct, nginx, haproxy and llama-keep in front of the same mock upstream.

Five kinds of load: `new`, one request of each of many conversations that were never seen before, which llama-keep
puts on record; then `request`, more of the same (four events an answer, bodies of three sizes), for the way to the
first event; `turn`, conversations of 64 KB that go on: each request is the one before, the answer to it as it came,
and a new message of the user; `stream` (200 events as fast as the socket takes them) for throughput per core; `paced`
(50 events/s a stream) for the time an event is under way and for memory. Every round starts all processes afresh and
runs the arms of a cell one after the other, each round in another order; "added" is against direct in the same round.
`rss_mb` is the peak since the processes of the round started. There are no targets for `new`.
"""

import argparse
import collections
import dataclasses
import json
import os
import pathlib
import subprocess

import benchkit

CLIENTS = (1, 16, 64, 256)
TURN_CLIENTS = (1, 16)
TURNS = 40  # of a conversation: it grows by a quarter
BODIES = (1 << 10, 64 << 10, 1 << 20)
KEEP = "llama-keep"
KINDS = ("new", "request", "turn", "stream", "paced")
# Whose time counts: until the first event, that of each event, or until the end of the answer, before which
# llama-keep puts it on record.
LATENCY = {"paced": "event", "turn": "total"}
# Below this a difference between two arms is scheduling noise, so no ratio is formed against less.
FLOOR_US = 20
TARGETS = {"added_p50": 1.5, "added_p99": 2.0, "events_per_cpu_s": 0.7, "rss_mb": 60,
           "turn_added_ms": 0.3, "turn_cpu_s_per_1000": 0.15}

NGINX_CONF = """
daemon off; user root; worker_processes 1; pid {dir}/nginx.pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_max_body_size 100m; client_body_buffer_size 2m; keepalive_requests 1000000;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  upstream mock {{ server 127.0.0.1:{mock}; keepalive 512; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 60s;
    }}
  }}
}}
"""

HAPROXY_CONF = """
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option http-no-delay
listen proxy
  bind 127.0.0.1:{port}
  http-reuse always
  server mock 127.0.0.1:{mock}
"""


@dataclasses.dataclass(frozen=True)
class Cell:
    kind: str
    clients: int
    body_bytes: int
    events: int
    limit: tuple  # how a run ends, as flags of the load generator


def start_nginx(bench, port, mock):
    conf = bench.folder / f"nginx-{port}.conf"
    conf.write_text(NGINX_CONF.format(dir=bench.folder, port=port, mock=mock))
    return bench.start("nginx", ["nginx", "-p", bench.folder, "-e", "stderr", "-c", conf], port)


def start_haproxy(bench, port, mock):
    conf = bench.folder / f"haproxy-{port}.cfg"
    conf.write_text(HAPROXY_CONF.format(port=port, mock=mock))
    return bench.start("haproxy", ["haproxy", "-db", "-f", conf], port)


def keep_starter(name, program):
    def start(bench, port, mock):
        command = [program, "serve", "--listen", f"127.0.0.1:{port}",
                   "--upstream", f"http://127.0.0.1:{mock}", "--history.folder", bench.folder / f"keep-{port}"]
        return bench.start(name, command, port, path="/ready")

    return start


ARMS = {"direct": None, "nginx": start_nginx, "haproxy": start_haproxy, KEEP: keep_starter(KEEP, benchkit.KEEP_BIN)}


def make_phases(quick, kinds):
    """Flags of the mock, and the cells that run against it. Memory first: a fresh process shows it best."""
    seconds = ("--seconds", "0.3" if quick else "0.5")
    paced = [Cell("paced", n, 1 << 10, 100, ("--requests", "1")) for n in CLIENTS]
    fast = [Cell(kind, n, body, 1, limit) for body in BODIES for n in CLIENTS
            for kind, limit in (("new", ("--requests", "1")), ("request", seconds))]
    fast += [Cell("turn", n, 64 << 10, 1, ("--turns", "--requests", str(TURNS))) for n in TURN_CLIENTS]
    fast += [Cell("stream", n, 1 << 10, 200, seconds) for n in CLIENTS]
    if quick:
        paced = [dataclasses.replace(cell, events=25) for cell in paced]
    phases = [(("--rate", "50"), paced), ((), fast)]
    chosen = [(flags, [cell for cell in cells if cell.kind in kinds]) for flags, cells in phases]
    return [(flags, cells) for flags, cells in chosen if cells]


def group_stats(group):
    """CPU seconds so far and peak RSS in MB of all processes of a process group."""
    nanoseconds = kilobytes = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) != group:
                continue
            # Finer than the ticks in `stat`, which a short cell has few of.
            nanoseconds += sum(int(thread.read_text().split()[0])
                               for thread in stat.parent.glob("task/*/schedstat"))
            status = (stat.parent / "status").read_text()
            kilobytes += int(status.partition("VmHWM:")[2].split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return nanoseconds / 1e9, kilobytes / 1024


def run_load(port, cell, opened=lambda: None):
    """`opened` is called when the conversations of a `turn` cell are, which is not measured."""
    command = [benchkit.BUILD / "tests/bench/load", "--port", port, "--clients", cell.clients,
               "--body-bytes", cell.body_bytes, "--events", cell.events, *cell.limit]
    with subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as load:
        try:
            if cell.kind == "turn":
                load.stdout.readline()
                opened()
            out, err = load.communicate("\n", timeout=60)
        except subprocess.TimeoutExpired:
            load.kill()
            raise benchkit.BenchError(f"the load did not end: {cell}") from None
    if load.returncode:
        raise benchkit.BenchError(f"load: {err}")
    return {**json.loads(out), "failure": err.strip()}


def run_cell(port, process, cell):
    before = [group_stats(process.pid)] if process else None

    def opened():
        if process:
            before[0] = group_stats(process.pid)

    result = run_load(port, cell, opened)
    if process:
        after = group_stats(process.pid)
        result["cpu_s"] = after[0] - before[0][0]
        result["rss_mb"] = after[1]
    return result


def run_round(bench, arms, number, phases, results):
    """Appends one result per cell and arm to `results`."""
    for mock_flags, cells in phases:
        mock_port = bench.free_port()
        mock = bench.start("mock", [benchkit.BUILD / "tests/bench/mock_upstream", "--port", mock_port,
                                    *mock_flags], mock_port)
        servers = {"direct": (mock_port, None)}
        for arm in arms[1:]:
            port = bench.free_port()
            servers[arm] = (port, ARMS[arm](bench, port, mock_port))
        for port, _ in servers.values():  # opens the connections that the arms keep to the mock
            run_load(port, Cell("warm-up", max(CLIENTS), 1 << 10, 1, ("--requests", "1")))
        for index, cell in enumerate(cells):
            shift = (number + index) % len(arms)
            for arm in arms[shift:] + arms[:shift]:
                results[cell, arm].append(run_cell(*servers[arm], cell))
        for process in [mock] + [process for _, process in servers.values() if process]:
            bench.stop(process)


def summarize(cell, arm, results):
    """Medians over the rounds, with the keys that are reported."""
    rounds = results[cell, arm]
    latency = LATENCY.get(cell.kind, "first")
    row = {"kind": cell.kind, "clients": cell.clients, "body_bytes": cell.body_bytes,
           "events_per_answer": cell.events, "rounds": len(rounds), "latency": latency}
    for share in ("p50", "p99"):
        key = f"{latency}_{share}_us"
        values = sorted(r[key] for r in rounds)
        row[f"{share}_us"] = benchkit.median(values)
        if arm == "direct":
            row[f"{share}_noise_us"] = values[len(values) * 3 // 4] - values[len(values) // 4]
        else:
            added = [r[key] - d[key] for r, d in zip(rounds, results[cell, "direct"])]
            row[f"added_{share}_us"] = benchkit.median(added)
            row[f"added_{share}_spread_us"] = [min(added), max(added)]
    for key in ("requests_per_s", "events_per_s"):
        row[key] = benchkit.median([r[key] for r in rounds])
    row["errors"] = sum(r["errors"] for r in rounds)
    if arm != "direct":
        cpu_s = sum(r["cpu_s"] for r in rounds)
        events = sum(r["events"] for r in rounds)
        row["cpu_ms_per_1000_events"] = cpu_s * 1e6 / max(events, 1)
        row["cpu_s_per_1000_requests"] = cpu_s * 1e3 / max(sum(r["requests"] for r in rounds), 1)
        row["events_per_cpu_s"] = events / max(cpu_s, 0.01)
        row["rss_mb"] = max(r["rss_mb"] for r in rounds)
    return row


def latency_ratio(share, row, other, direct):
    """Added latency against that of another arm; what direct itself varies between rounds is no measure."""
    least = max(FLOOR_US, direct[f"{share}_noise_us"])
    return max(row[f"added_{share}_us"], 0) / max(other[f"added_{share}_us"], least)


def cost_ratio(row, other):
    return row["events_per_cpu_s"] / other["events_per_cpu_s"]


def label(row):
    return f"{row['kind']},{row['clients']}x{row['body_bytes'] >> 10}KB"


def print_table(cells, arms, rows):
    others = [arm for arm in ("nginx", "haproxy") if arm in arms and KEEP in arms]
    keys = ("p50_us", "p99_us", "added_p50_us", "added_p99_us", "requests_per_s", "events_per_s",
            "cpu_ms_per_1000_events", "cpu_s_per_1000_requests", "rss_mb")
    head = ["cell", "arm", "p50_us", "p99_us", "+p50_us", "+p99_us", "req/s", "events/s", "cpu_ms/1000ev",
            "cpu_s/1000req", "rss_mb"]
    head += [f"{what}/{other}" for other in others for what in ("+p50", "+p99", "events/cpu")]
    lines = []
    for cell in cells:
        direct = rows[cell, "direct"]
        for arm in arms:
            row = rows[cell, arm]
            ratios = [(latency_ratio("p50", row, rows[cell, other], direct),
                       latency_ratio("p99", row, rows[cell, other], direct),
                       cost_ratio(row, rows[cell, other])) if arm == KEEP else ("", "", "")
                      for other in others]
            lines.append([label(row), arm, *(row.get(key, "") for key in keys), *sum(ratios, ())])
    benchkit.table(head, lines)


def find_misses(cells, rows):
    misses = []

    def check(key, value, target, ok):
        if not ok:
            misses.append(f"{key}={value:.2f} (target {target})")

    for cell in cells:
        keep, nginx, direct = (rows[cell, arm] for arm in (KEEP, "nginx", "direct"))
        if cell.kind == "stream":
            value, least = cost_ratio(keep, nginx), TARGETS["events_per_cpu_s"]
            check(f"events_per_cpu_s_vs_nginx[{label(keep)}]", value, f">= {least}", value >= least)
        if cell.kind == "turn":
            value, most = keep["cpu_s_per_1000_requests"], TARGETS["turn_cpu_s_per_1000"]
            check(f"cpu_s_per_1000_requests[{label(keep)}]", value, f"<= {most}", value <= most)
            value, most = keep["added_p50_us"] / 1e3, TARGETS["turn_added_ms"]
            # With many clients in a closed loop this is the throughput once more.
            check(f"added_p50_ms[{label(keep)}]", value, f"<= {most}", value <= most or cell.clients > 1)
        if cell.kind in ("stream", "new", "turn"):
            continue
        for share in ("p50", "p99"):
            value, most = latency_ratio(share, keep, nginx, direct), TARGETS[f"added_{share}"]
            check(f"added_{share}_vs_nginx[{label(keep)}]", value, f"<= {most}", value <= most)
        if cell.kind == "paced" and cell.clients == max(CLIENTS):
            check("rss_mb", keep["rss_mb"], f"< {TARGETS['rss_mb']}", keep["rss_mb"] < TARGETS["rss_mb"])
    return misses


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true",
                        help="one short round; misses are reported, but only errors fail it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kinds", default=",".join(KINDS), help="of load, a subset of %(default)s")
    parser.add_argument("--arms", default=",".join(ARMS), help="a subset of %(default)s; direct always runs")
    parser.add_argument("--baseline", metavar="PROGRAM", help="another build of llama-keep, as one more arm")
    arguments = parser.parse_args()
    if arguments.baseline:
        ARMS["baseline"] = keep_starter("baseline", arguments.baseline)
        arguments.arms += ",baseline"
    chosen = arguments.arms.split(",")
    if unknown := set(chosen) - set(ARMS):
        parser.error(f"unknown arms: {', '.join(unknown)}")
    arguments.kinds = arguments.kinds.split(",")
    if unknown := set(arguments.kinds) - set(KINDS):
        parser.error(f"unknown kinds: {', '.join(unknown)}")
    arguments.arms = [arm for arm in ARMS if arm in chosen or arm == "direct"]
    return arguments


def run():
    arguments = parse_arguments()
    arms = arguments.arms
    phases = make_phases(arguments.quick, arguments.kinds)
    cells = [cell for _, phase_cells in phases for cell in phase_cells]
    results = collections.defaultdict(list)
    with benchkit.Bench() as bench:
        for number in range(1 if arguments.quick else arguments.rounds):
            run_round(bench, arms, number, phases, results)
    rows = {key: summarize(*key, results) for key in results}
    for cell in cells:
        for arm in arms:
            benchkit.emit(bench="overhead", arm=arm, **rows[cell, arm])
    print_table(cells, arms, rows)
    errors = [f"errors[{label(row)},{arm}]={row['errors']} (target 0; {results[cell, arm][-1]['failure']})"
              for (cell, arm), row in rows.items() if row["errors"]]
    misses = find_misses(cells, rows) if {KEEP, "nginx"} <= set(arms) else []
    status = benchkit.verdict(errors + misses)
    return (1 if errors else 0) if arguments.quick else status


if __name__ == "__main__":
    benchkit.main(run)
