#!/usr/bin/env python3
"""0017 - every worker says whether it lives, whether it is ready and what is broken, and counts what the database counts."""
import glob
import http.client
import json
import os
import re
import signal
import subprocess
import time

import stack
from stack import STAGES, check, same, short, submission, until

CANARY = "Nguyễn Thị Chim Hoàng Yến"
PROMTOOL = "tests/contract/promtool"
sent, everything = [], []           # dossiers; every page that was read


def address_of(worker):
    return worker.wait_log(r"listen=(127\.0\.0\.1:\d+)")[1]


def get(worker, path, method="GET", **headers):
    """Status, content type and text of a page."""
    connection = http.client.HTTPConnection(address_of(worker), timeout=5)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        everything.append(text)
        return answer.status, answer.headers["content-type"], text
    finally:
        connection.close()


def metrics(worker):
    """{name{labels but stage}: value}, as a number."""
    found = {}
    for line in get(worker, "/metrics")[2].splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            found[re.sub(r'stage="\w+",?', "", name).replace("{}", "")] = float(value)
    return found


def all_ready(w, seconds=45):
    def not_ready():
        return {name: text for name, p in w.workers.items() for status, _, text in [get(p, "/readyz")] if status != 200}
    until(lambda: not not_ready(), seconds, lambda: "not ready: " + short(not_ready()))


def all_live(w):
    same({name: status for name, p in w.workers.items() for status, _, _ in [get(p, "/livez")] if status != 200}, {}, "livez")


def until_broken(w, names, pattern, seconds=30):
    """Each of these workers says that it is not ready for this reason, and lives."""
    for name in names:
        def says():
            status, _, text = get(w.workers[name], "/readyz")
            return status == 503 and re.search(pattern, text, re.M)
        until(says, seconds, lambda: f"{name} says: {get(w.workers[name], '/readyz')[2]}", step=0.2)
        same(get(w.workers[name], "/livez")[0], 200, f"{name} lives")


def server(w, which, what):
    """deploy/broker or deploy/database on the world's own: start, stop."""
    done = subprocess.run([f"deploy/{which}", what, f"{w.servers}/{which}"], capture_output=True, text=True,
                          env={**os.environ, "DOSSIER_GUARD_PID": str(os.getpid())}, timeout=90 * stack.SLOW)
    check(done.returncode == 0, f"deploy/{which} {what}: {done.stdout[-300:]} {done.stderr[-300:]}")
    if (which, what) == ("database", "start"):
        w.sql.process.kill()
        w.sql = stack.Sql(w.conninfo + " user=postgres")


class Failing:
    """While a service outside answers nothing but 503."""

    def __init__(self, w, service):
        self.w, self.service = w, service

    def __enter__(self):
        self.w.rule(service=self.service, do="fail")

    def __exit__(self, *_):
        self.w.http("POST", "/behaviour", {"replace": True})


class Without:
    """While a server is stopped; it is started again whatever happens."""

    def __init__(self, w, which):
        self.w, self.which = w, which

    def __enter__(self):
        server(self.w, self.which, "stop")

    def __exit__(self, *_):
        server(self.w, self.which, "start")


def promtool(*args, text=None):
    done = subprocess.run([PROMTOOL, *args], input=text, capture_output=True, text=True, encoding="utf-8", timeout=120)
    check(done.returncode == 0 and "error" not in done.stderr, f"promtool {args}: {done.stdout} {done.stderr}")


def test_01_pages(w):
    """each worker serves /livez, /readyz and /metrics, as text and as JSON; nothing else, and nobody may write"""
    all_ready(w)
    all_live(w)
    for name, p in w.workers.items():
        status, kind, text = get(p, "/livez")
        same((status, text), (200, "live\n"), name)
        same(get(p, "/readyz")[2], "ready\n", name)
        status, kind, text = get(p, "/readyz", Accept="application/json")
        same((status, kind, json.loads(text)), (200, "application/json", {"ready": True, "broken": []}), name)
        status, kind, text = get(p, "/livez", Accept="application/json")
        check(json.loads(text)["live"] and json.loads(text)["turned_ms_ago"] < 5000 * stack.SLOW, text)
        status, kind, text = get(p, "/metrics")
        same((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"), name)
        check(f'dossier_ready{{stage="{name}"}} 1\n' in text, f"{name}: {text}")
        same(get(p, "/")[0], 404, name)
        same(get(p, "/metrics", method="POST")[0], 405, name)
        same(get(p, "/livez", method="HEAD")[2], "", name)


def test_02_loopback_only(w):
    """an address that others can reach, one that is none and one that is taken stop the worker, which says so"""
    taken = address_of(w.workers["fee"])
    for listen, why in (("0.0.0.0:0", "only loopback"), ("[::]:0", "only loopback"), ("10.0.0.1:9000", "only loopback"),
                        ("9301", "must be like"), ("localhost:9301", "must be like"), ("127.0.0.1:65536", "must be like"),
                        (taken, "cannot listen")):
        p = w.start_worker("fee", "fee-wrong", listen=listen)
        p.may_die = True
        until(lambda: not p.is_alive(), 20, lambda: f"{listen}: {p.tail()}")
        same(p.process.returncode, 70, listen)
        check(why in p.log(), f"{listen}: {p.tail()}")
        del w.workers["fee-wrong"]
    w.programs.pop()


def test_03_nothing_to_do(w):
    """a worker too many is given no lane, and is as ready as the others; one of the other kind of address too"""
    p = w.start_worker("dispatch", "dispatch-b", listen="[::1]:0")
    w.wait_up(p)
    w.wait_up(w.start_worker("dispatch", "dispatch-c"))
    port = int(p.wait_log(r"listen=\[::1\]:(\d+)")[1])
    c = http.client.HTTPConnection("::1", port, timeout=5)
    c.request("GET", "/livez")
    same(c.getresponse().read(), b"live\n")
    c.close()
    same(p.end(), 0, "exit status")
    del w.workers["dispatch-b"]
    w.wait_up(w.start_worker("dispatch", "dispatch-b"))
    three = [w.workers[n] for n in ("dispatch", "dispatch-b", "dispatch-c")]
    def shared():
        return sorted(metrics(p)["dossier_lanes_owned"] for p in three) == [0, 1, 1]
    until(shared, 60, lambda: f"lanes: {[metrics(p)['dossier_lanes_owned'] for p in three]}")
    all_ready(w)
    for p in three[1:]:
        same(p.end(), 0, "exit status")
    for name in ("dispatch-b", "dispatch-c"):
        del w.workers[name]
    w.wait_lanes("dispatch")
    check(metrics(three[0])["dossier_rebalances_total{kind=\"revoked\"}"] > 0, "no rebalance was counted")


def test_04_numbers(w):
    """what the workers have counted is what the database says"""
    data = [submission(t, **c) for t, c in (("birth-in-time", {}), ("birth-late-exempt", {"exemption": None}),
            ("criminal-record-by-post", {}), ("birth-missing-component", {})) for _ in range(5)]
    for d in data:
        d["applicant"]["name"] = CANARY
    sent.extend(w.submit_all(data))
    w.produce([w.message("{", id="torn"), {**w.message(submission()), "headers": []}])
    w.submit_all([data[0]], id=sent[0].ce_id)
    for d in sent:
        d.wait(90, casework="decided", dispatch=("released", "delivered", "handed_over"))
    w.quiet()
    for stage, name in enumerate(STAGES):
        def differs():
            lane = w.sql.row("select sum(taken) as taken, sum(handed_in) as handed_in, sum(ordered) as ordered, sum(done) as done, "
                             "sum(repeated) as repeated, sum(dead) as dead, sum(handed_out) as handed_out, sum(waiting) as waiting, "
                             f"sum(parked) as parked, sum(given - acked) as unacked from core.lane where stage = {stage}")
            seen = metrics(w.workers[name])
            pairs = {f'dossier_jobs_received_total{{way="{k}"}}': lane[k] for k in ("taken", "handed_in", "ordered")}
            pairs.update({f'dossier_jobs_finished_total{{end="{k}"}}': lane[k] for k in ("done", "repeated", "dead", "handed_out")})
            pairs.update({"dossier_jobs_waiting": lane["waiting"], "dossier_jobs_parked": lane["parked"],
                          "dossier_publish_unacknowledged": lane["unacked"], "dossier_lanes_owned": w.lanes,
                          "dossier_lanes_given": w.lanes, 'dossier_lag_messages{lane="0"}': 0, "dossier_inquiries": 0})
            return {k: (seen.get(k), v) for k, v in pairs.items() if seen.get(k) != v}
        until(lambda: not differs(), 15, lambda: f"{name}: metric and database: {differs()}")
        seen = metrics(w.workers[name])
        check(0 <= seen['dossier_lag_seconds{lane="1"}'] < 30 * stack.SLOW, f"{name}: lag {seen}")
        same(seen["dossier_batch_jobs_count"], seen['dossier_batch_duration_seconds_count{phase="trip2"}'], name)
        check(0 < seen["dossier_batch_jobs_count"] <= seen['dossier_turns_total{outcome="committed"}'], f"{name}: {seen}")
        check(seen["process_resident_memory_bytes"] > 1e6 and seen["process_cpu_seconds_total"] > 0, f"{name}: {seen}")
    intake = metrics(w.workers["intake"])
    dead = {k: v for k, v in intake.items() if k.startswith("dossier_dead_letters_total")}
    same(sum(dead.values()), float(w.sql.value("select count(*) from core.deadletter")), f"dead letters {dead}")
    # Of what arrives, everything was finished within the time that the whole took.
    same(intake["dossier_stage_duration_seconds_count"], intake['dossier_jobs_finished_total{end="done"}'], "durations")


def test_05_peers(w):
    """requests to each peer are counted as the peers counted them"""
    calls = {"population": "lookup", "objects": "verification", "payment": "fee", "post": "dispatch"}
    for peer, name in calls.items():
        seen = metrics(w.workers[name])
        n = sum(v for k, v in seen.items() if k.startswith(f'dossier_http_requests_total{{peer="{peer}",'))
        same(n, seen[f'dossier_http_request_duration_seconds_count{{peer="{peer}"}}'], peer)
        check(n > 0, f"{peer}: nothing counted")
    counted = metrics(w.workers["lookup"])['dossier_http_requests_total{peer="population",outcome="2xx"}']
    same(counted, float(len(w.ledger("population"))), "requests to the population register")


def test_06_promtool(w):
    """Prometheus' own tool finds no fault with the metrics of any worker"""
    for p in w.workers.values():
        promtool("check", "metrics", text=get(p, "/metrics")[2])


def test_07_prometheus_files(w):
    """the configuration and the alerts for operators are valid, and name metrics that there are"""
    promtool("check", "config", "deploy/prometheus/prometheus.yml")
    promtool("check", "rules", "deploy/prometheus/alerts.yml")
    with open("deploy/grafana/dossiers.json", encoding="utf-8") as f:
        panels = json.load(f)["panels"]
    rules = [{"record": f"panel:{p['id']}:{t['refId']}", "expr": t["expr"]} for p in panels for t in p.get("targets", [])]
    check(len(rules) > 15, "few panels")
    path = os.path.join(w.folder, "panels.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"groups": [{"name": "panels", "rules": rules}]}, f)      # JSON is YAML
    promtool("check", "rules", path)
    there = set()
    for p in w.workers.values():
        there |= set(re.findall(r"^# TYPE (\w+)", get(p, "/metrics")[2], re.M))
    there |= {"dossier_dependency_broken_since_seconds", "dossier_errors_total"}       # once something went wrong
    for path in glob.glob("deploy/prometheus/*.yml") + glob.glob("deploy/grafana/*.json"):
        with open(path, encoding="utf-8") as f:
            named = set(re.findall(r"\b(?:dossier|process)_\w+", f.read()))
        named = {re.sub(r"_(bucket|count|sum)$", "", n) if n not in there else n for n in named}
        same(sorted(named - there), [], f"{path}: metrics that no worker has")


def test_08_registry_dead(w):
    """a register that is dead is named by lookup alone, and is ready again when it answers"""
    with Failing(w, "population"):
        population_dead(w)
    for d in sent[-8:]:
        d.wait(90, casework=("open", "accepted", "processing", "decided"))
    all_ready(w)


def population_dead(w):
    sent.extend(w.submit_all(["birth-in-time"] * 8))
    until_broken(w, ["lookup"], r"^lookup\.population: breaker (open|probing).* \(since 20")
    seen = metrics(w.workers["lookup"])
    same(seen['dossier_breaker_state{peer="population",state="closed"}'], 0.0, "breaker")
    check(seen['dossier_breaker_openings_total{peer="population"}'] >= 1, "openings")
    check(seen['dossier_dependency_broken_since_seconds{dependency="lookup.population"}'] > 1.7e9, "since")
    same(seen["dossier_ready"], 0.0)
    same({n for n, p in w.workers.items() if n != "lookup" and get(p, "/readyz")[0] != 200}, set(), "others")
    status, _, text = get(w.workers["lookup"], "/readyz", Accept="application/json")
    same([(b["what"], sorted(b)) for b in json.loads(text)["broken"]], [("lookup.population", ["since", "what", "why"])])


def test_09_payment_dead(w):
    """so is a peer that has to be told something, by the stage that tells it"""
    with Failing(w, "payment"):
        d = w.submit("birth-late-exempt", exemption=None)
        until_broken(w, ["fee"], r"^fee\.payment: breaker (open|probing).* \(since 20", 60)
        check(metrics(w.workers["fee"])['dossier_breaker_openings_total{peer="payment"}'] >= 1, "openings")
    d.wait(90, fee="paid")
    all_ready(w)


def test_09b_paused(w):
    """a stage that an operator has paused says so, and counts its lanes as paused"""
    done = w.ctl("pause", "casework", "--why", "test")
    check(done.returncode == 0, done.stdout + done.stderr)
    until_broken(w, ["casework"], r"^pause: paused by an operator")
    same(metrics(w.workers["casework"])["dossier_lanes_paused"], float(w.lanes))
    done = w.ctl("resume", "casework", "--why", "test")
    check(done.returncode == 0, done.stdout + done.stderr)
    all_ready(w)
    same(metrics(w.workers["casework"])["dossier_lanes_paused"], 0.0)


def test_10_database_stopped(w):
    """the database is stopped: every worker names it and lives; then it is back, and all are ready"""
    with Without(w, "database"):
        until_broken(w, w.workers, r"^database: .+\(since 20")
        all_live(w)
        for p in w.workers.values():
            def counted():
                seen = metrics(p)
                return seen['dossier_database_connects_total{result="failed"}'] > 0 and \
                    sum(v for k, v in seen.items() if k.startswith("dossier_errors_total")) > 0
            until(counted, 30, lambda: "nothing counted: " + p.tail())
    all_ready(w, 60)
    all_live(w)


def test_11_database_hangs(w):
    """the database answers no more, and the loop waits for it: the worker still answers, and names what it waits for"""
    pids = [r["pid"] for r in w.sql.rows("select pid from pg_stat_activity where usename = 'dossier_fee' and datname = current_database()")]
    check(pids, "no connection of fee")
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        until_broken(w, ["fee"], r"^loop: has not turned since; last seen to .*database|^database: ", 20)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    all_ready(w, 60)


def test_12_broker_stopped(w):
    """the broker is stopped: every worker names it and lives; then it is back, and all are ready"""
    with Without(w, "broker"):
        until_broken(w, w.workers, r"^broker: .+\(since 20", 60)
        begin, late = time.monotonic(), {}
        def silent():
            late.update({name: ms for name, p in w.workers.items()
                         for ms in [json.loads(get(p, "/livez", Accept="application/json")[2])["turned_ms_ago"]] if ms > 6000 * stack.SLOW})
            return late or time.monotonic() > begin + 10 * stack.SLOW
        until(silent, 20)
        same(late, {}, "the loop does not turn while the broker is away")
    all_ready(w, 90)
    w.producer.close()
    w.producer = stack.Producer(w.broker)
    d = w.submit("birth-in-time")
    d.wait(90, casework=("open", "accepted", "processing", "decided"))


def test_13_starting_without_a_database(w):
    """a worker that waits for its database at start answers already, and says what it waits for"""
    with Without(w, "database"):
        p = w.start_worker("tracking", "tracking-b")
        until_broken(w, ["tracking-b"], r"^start: starting[^\n]*\ndatabase: ")
    w.wait_up(p)
    all_ready(w, 60)
    same(p.end(), 0, "exit status")
    del w.workers["tracking-b"]


def test_14_nothing_personal(w):
    """no name, number or address of an applicant stands on any of the pages that were read, nor a dossier's id or code"""
    pages = "\n".join(everything)
    check(len(everything) > 100, "few pages")
    for d in sent:
        row = d.row()
        for value in (CANARY, "Chim Ho", d.data["applicant"]["number"], d.id, d.ce_id, row["code"]):
            check(value not in pages, f"{value} stands on a page")


stack.main(__file__, globals(), lanes=2, own_servers=True, simulators=["--officer", "--citizen", "--intake"],
           params={"lookup": {"lookup.patience_ms": "600000"}},
           allowed_errors=["event=down .*(only loopback|must be like|cannot listen)", "end=dead"])
