#!/usr/bin/env python3
"""54 - effects and files: storms of 5xx, answers that are lost, a store that lies, and the whole world outside killed and restarted."""
import time
import fault, peers, stack
from fault import row
from stack import check, same, until

PEERS = ["payment", "postal", "sms", "objects"]
OPEN = ("open", "accepted", "processing", "decided")


def fresh(w, template="birth-in-time", **changes):
    return w.submit(template, id=f"row-{w.load_number()}", **changes)


def done(w, service, op, d):
    """The keys under which the outside did it for this dossier."""
    return [l["key"] for l in w.ledger(service, op=op, dossier=d.id) if l["outcome"] == "accepted"]


def wait_row(d, column, values, seconds=60):
    until(lambda: (d.row() or {}).get(column) in values, seconds, lambda: f"{d.where()} {d.world.troubles()}", 0.2)


def keys(gate, begin, d):
    """Of every call about this dossier since then: the idempotency key."""
    return {c.headers.get("idempotency-key") for c in gate.since(begin, dossier=d.id) if "idempotency-key" in c.headers and c.path.endswith(("/init", "/orders"))}


@row(54, "A32", "payment platform, post and SMS gateway answer 500, 502, 503, 504 to everything, then are well",
     "orders and parcels are done once under one key; an SMS that may have gone out ends as unsure; the rest goes on")
def storm(w):
    begin, numbers = time.monotonic(), (500, 502, 503, 504)
    def deed(link, call):
        link.send(peers.answer(numbers[len(link.gate.calls) % 4], b"<html>bad gateway</html>", type="text/html"))
        return True
    for name in ("payment", "postal", "sms"):
        w.gate[name].deed = deed
    unsure = w.sql.value("select count(*) from core.journal where stage = 6")
    owing = [fresh(w, "birth-late-exempt", exemption=None) for _ in range(4)]
    told = [fresh(w) for _ in range(2)]
    until(lambda: all(w.gate["payment"].since(begin, dossier=d.id) for d in owing[:1]), 30, "the platform is not told")
    until(lambda: w.gate["sms"].since(begin), 30, "the gateway is not told")
    w.workers["fee"].wait_log(r"event=peer_down peer=payment reason=status status=50", 40)
    calls = len(w.gate["payment"].since(begin))
    same([d.row()["fee"] for d in owing], ["owed"] * 4, "decided without the platform")
    for name in PEERS:
        w.gate[name].heal()
    yield
    for d in owing:
        wait_row(d, "fee", ("paid",))
        same((len(done(w, "payment", "init", d)), len(keys(w.gate["payment"], begin, d))), (1, 1), f"orders and keys of {d.id}")
    for d in told:
        wait_row(d, "casework", OPEN)
    notices = [e["type"].split(".")[-2] for d in told + owing for e in d.entries("tracking")]
    check("notice_unsure" in notices, notices)
    sent = w.ledger("sms", op="send")
    same(len(sent), len({l["key"] for l in sent}), "messages under one key")
    return f"{calls} calls of the platform in the storm; {len(owing)} orders, each once and under one key; {notices.count('notice_unsure')} notices unsure, none told twice"


@row(56, "issue", "the platform places the order, the post takes the parcel, and the answer is lost: the connection is reset",
     "nobody is told twice: it is asked, and found done")
def dropped(w):
    begin = time.monotonic()
    for name in ("payment", "postal"):
        w.gate[name].deed = peers.drop
        w.gate[name].only = lambda call: call.path.endswith(("/init", "/orders")) and call.method == "POST"
    many = [fresh(w, "criminal-record-by-post") for _ in range(4)]
    for d in many:
        until(lambda: done(w, "payment", "init", d), 40, "not placed")
        wait_row(d, "fee", ("paid",), 90)
    until(lambda: all(done(w, "postal", "order", d) for d in many), 90, lambda: f"no parcel: {[d.where() for d in many if not done(w, 'postal', 'order', d)][:2]}")
    for name in PEERS:
        w.gate[name].heal()
    yield
    for d in many:
        wait_row(d, "dispatch", ("delivered",), 90)
        inits = [c for c in w.gate["payment"].since(begin, dossier=d.id) if c.path.endswith("/init")]
        orders = [c for c in w.gate["postal"].since(begin, dossier=d.id) if c.method == "POST"]
        same((len(inits), len(orders), len(done(w, "payment", "init", d)), len(done(w, "postal", "order", d))), (1, 1, 1, 1), f"told and done for {d.id}")
    asked = sum(c.path.endswith("/query") for c in w.gate["payment"].since(begin)) + sum(c.method == "GET" for c in w.gate["postal"].since(begin))
    return f"4 orders and 4 parcels told once, done once; asked {asked} times what had become of them"


@row(59, "A33", "the object store hangs, fails, resets, is slow; has other bytes, endless ones, nothing",
     "trouble of the store waits and is read again; what is certain about a file is the applicant's, and asked for")
def store(w):
    gate, seen = w.gate["objects"], {}
    for what, deed in (("hangs", peers.hang), ("503", peers.status(503)), ("403", peers.status(403)), ("half", peers.half), ("reset", peers.reset), ("a byte a second", peers.drip)):
        begin = time.monotonic()
        gate.deed = deed
        d = fresh(w)
        d.wait(20, intake="registered")
        w.workers["verification"].wait_log(r"event=peer_down peer=objects", 40, getattr(w, "store_mark", 0))
        same(d.row()["verification"], "none", f"{what}: decided")
        gate.heal()
        row = d.wait(40, verification=("complete", "incomplete"))
        problems = d.entries("verification")[0]["data"].get("problems") or []
        same(problems, [], f"{what}: problems")
        until(lambda: "event=peer_up peer=objects" in w.workers["verification"].log()[getattr(w, "store_mark", 0):], 30)
        w.store_mark = len(w.workers["verification"].log())
        seen[what] = time.monotonic() - begin
    lies = {}
    def bytes_of(more):
        """As many as were declared, and so many more; the name ends in how many."""
        return lambda link, call: link.send(peers.answer(200, b"x" * (int(call.path.rsplit("-", 1)[1]) + more))) or True
    for what, deed in (("other bytes", bytes_of(0)), ("one byte less", bytes_of(-1)), ("one byte more", bytes_of(1)),
                       ("without end", peers.flood(1 << 30)), ("404", peers.status(404)), ("410", peers.status(410))):
        data = stack.submission("birth-in-time")
        files = [f for c in data["components"] for f in c["files"]]
        names = {f["uri"] for f in files}
        gate.only = lambda call: call.path.rsplit("/", 1)[1] in names
        gate.deed = deed
        d = w.submit_all([data])[0]
        d.wait(40, verification="incomplete")
        problems = d.entries("verification")[0]["data"].get("problems") or []
        check(len(problems) >= 1, f"{what}: {problems}")
        lies[what] = sorted({p["rule"] for p in problems})
        gate.heal()
    yield
    same(lies["other bytes"], ["file.digest"])
    return f"waited and read again: {', '.join(seen)}; certain: {', '.join(f'{k}: {v[0]}' for k, v in lies.items())}"


@row(60, "A52", "the whole world outside is killed with SIGKILL under load, stays away 3 s, and comes back", "nothing is charged, sent or told twice; all goes on", load=10)
def world_killed(w):
    begin = time.monotonic()
    owing = [fresh(w, "criminal-record-by-post") for _ in range(12)]
    until(lambda: sum(len(done(w, "payment", "init", d)) for d in owing[:3]) > 0, 30, "nothing is under way")
    w.simulators.kill()
    w.workers["lookup"].wait_log(r"event=peer_down peer=population", 30)
    gone = time.monotonic()
    more = [fresh(w, "birth-late-exempt", exemption=None) for _ in range(6)]
    until(lambda: time.monotonic() > gone + 3, 10)
    w.simulators.args = [f"127.0.0.1:{w.port}" if a == "127.0.0.1:0" else a for a in w.simulators.args]
    w.simulators.start()
    w.simulators.may_die = False
    until(lambda: w.alive(), 20, "the world outside does not come back")
    yield
    for d in owing + more:
        wait_row(d, "fee", ("paid",), 90)
        same(len(done(w, "payment", "init", d)), 1, f"orders of {d.id}")
    until(lambda: all(len(done(w, "postal", "order", d)) == 1 for d in owing), 90, "parcels")
    return f"away for {time.monotonic() - gone:.0f} s in all; 18 orders and 12 parcels, each once"


class Outside(fault.World):
    def alive(self):
        try:
            return bool(self.counts())
        except OSError:
            return False


fault.main(__file__, globals(), kind=Outside, gates=PEERS,
           params={"lookup": {"lookup.timeout": "2000"}, "verification": {"verification.timeout": "3000"}})
