#!/usr/bin/env python3
"""51 - peers that ask to be left alone, answer for others, cheat about lengths, send elsewhere, are slow for one, or take two calls only."""
import email.utils, gzip, os, shutil, time
import fault, peers, stack
from fault import row
from stack import check, same, until

PEERS = ["population", "payment", "postal", "objects", "sms"]
OPEN = ("open", "accepted", "processing", "decided")


def fresh(w, template="birth-in-time", partition=0, **changes):
    return w.submit(template, id=f"row-{w.load_number()}", partition=partition, **changes)


def outcomes(d):
    return [(o["registry"], o["outcome"]) for e in d.entries("lookup") for o in e["data"]["outcomes"]]


def accepted(w, service, op, d):
    """How often the outside did it; it must be once."""
    return len([l for l in w.ledger(service, op=op, dossier=d.id) if l["outcome"] == "accepted"])


# --- 51 ------------------------------------------------------------------------------------------------------------------

def left_alone(w, name, retry_after, trigger, seconds):
    """The peer answers 429 once it is called; for as long as it said, nobody calls. How many calls there were in all, and when."""
    gate = w.gate[name]
    begin = time.monotonic()
    gate.deed = peers.status(429, {"Retry-After": retry_after()})
    waiting = [trigger() for _ in range(3)]
    first = until(lambda: gate.since(begin), 20, f"{name} was never called")[0].at
    until(lambda: time.monotonic() > first + seconds - 0.2, seconds + 5)
    early = [c for c in gate.since(first + 0.6) if c.at < first + seconds - 0.5]
    same(len(early), 0, f"calls of {name} within the {seconds} s that it asked for")
    until(lambda: gate.since(first + seconds - 0.5), 20, f"{name} is not called any more")
    gate.heal()
    return waiting, f"{len([c for c in gate.since(begin) if not c.passed])} calls of {name}, none of them between 0.6 and {seconds - 0.5} s after the first 429"


@row(51, "A32", "429 with Retry-After, in seconds and as a date, from register, payment platform, post and SMS gateway",
     "nobody calls before that; then all is done once", load=8)
def too_many(w):
    def in_4_s():
        return email.utils.formatdate(time.time() + 5, usegmt=True)
    seen = []
    d, said = left_alone(w, "population", lambda: "4", lambda: fresh(w), 4)
    seen.append(said)
    for x in d:
        x.wait(30, casework=OPEN)
        same(outcomes(x), [("population", "match")])
    d, said = left_alone(w, "population", in_4_s, lambda: fresh(w), 4)
    seen.append("by date: " + said)
    owing, said = left_alone(w, "payment", lambda: "4", lambda: fresh(w, "birth-late-exempt", exemption=None), 4)
    seen.append(said)
    until(lambda: all(accepted(w, "payment", "init", x) == 1 for x in owing), 30, "orders are not placed")
    d, said = left_alone(w, "sms", lambda: "4", lambda: fresh(w), 4)
    seen.append(said)
    posted, said = left_alone(w, "postal", lambda: "4", lambda: fresh(w, "criminal-record-by-post"), 4)
    seen.append(said)
    yield
    until(lambda: all(accepted(w, "postal", "order", x) == 1 for x in posted), 40, "parcels are not ordered")
    return "; ".join(seen)


# --- 53 ------------------------------------------------------------------------------------------------------------------

def named_worker(w, hosts):
    """lookup in a mount namespace of its own, where names are what a file of ours says."""
    args = w.workers["lookup"].args
    check(shutil.which("unshare"), "no unshare")
    w.workers["lookup"].end()
    resolv, switch = os.path.join(w.folder, "resolv.conf"), os.path.join(w.folder, "nsswitch.conf")
    with open(resolv, "w") as f:
        f.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    with open(switch, "w") as f:
        f.write("hosts: files dns\npasswd: files\ngroup: files\n")
    args = [f"--lookup.population.url=http://register.test:{w.gate['population'].port}/population" if a.startswith("--lookup.population.url=") else a
            for a in args]
    mounts = " && ".join(f"mount --bind {source} {target}" for source, target in
                         ((hosts, "/etc/hosts"), (resolv, "/etc/resolv.conf"), (switch, "/etc/nsswitch.conf")))
    root = [] if os.geteuid() == 0 else ["-r"]
    worker = stack.Program(w, "lookup", ["unshare", *root, "-m", "sh", "-c", f'{mounts} && exec "$0" "$@"', *args])
    w.workers["lookup"] = worker
    w.programs.append(worker)
    w.wait_up(worker)
    return worker


@row(53, "issue", "the register's name does not resolve, then resolves, then names another address", "waits undecided, says so; goes on by itself each time")
def name_gone(w):
    hosts = os.path.join(w.folder, "hosts")

    def names(text):
        with open(hosts, "w") as f:
            f.write("127.0.0.1 localhost\n" + text)
    names("")
    worker = named_worker(w, hosts)
    mark = len(worker.log())
    waiting = [fresh(w, partition=i) for i in range(4)]
    worker.wait_log(r"event=peer_down .*peer=population .*reason=resolve", 30, mark)
    same([d.row()["lookup"] for d in waiting], ["none"] * 4, "decided without the register")
    names("127.0.0.1 register.test\n")
    begin = time.monotonic()
    for d in waiting:
        d.wait(30, casework=OPEN)
        same(outcomes(d), [("population", "match")])
    first = time.monotonic() - begin
    # It moves: the old address refuses, the new one answers.
    elsewhere = peers.Gate(w.port, w.gate["population"].port, "127.0.0.2")
    w.gate["population"].shut()
    names("127.0.0.2 register.test\n")
    begin = time.monotonic()
    d = fresh(w)
    d.wait(30, casework=OPEN)
    moved = time.monotonic() - begin
    check(moved < fault.RECOVERY * stack.SLOW, f"the new address was used only after {moved:.1f} s")
    elsewhere.shut()
    w.gate["population"].open()
    names("127.0.0.1 register.test\n")
    fresh(w).wait(30, casework=OPEN)
    worker.end()
    w.wait_up(w.start_worker("lookup"))
    yield
    return f"reason=resolve, nothing decided; {first:.1f} s after the name was there all had a match; {moved:.1f} s after it moved the new address was used"


# --- 55 ------------------------------------------------------------------------------------------------------------------

def behind_by_one(link, call):
    """Always the answer to the call before, of whomever: the first of all goes unanswered."""
    gate = link.gate
    with gate.lock:
        before, gate.before = getattr(gate, "before", None), link.ask(call)
    call.passed = True
    if before is None:
        link.reset()
        return False
    link.send(before)
    return True


def twice(link, call):
    """The right answer, and at once another one, about somebody else, that nobody asked for; the connection stays."""
    data = link.ask(call)
    call.passed = True
    link.send(data + data.replace(b'"SoDinhDanh":"0', b'"SoDinhDanh":"1').replace(b'"MaLoi":"00"', b'"MaLoi":"01"'))
    return True


def twice_late(link, call):
    """The same, but the second answer comes when the first has long been read."""
    data = link.ask(call)
    call.passed = True
    link.send(data)
    link.stands(0.02)
    link.send(data)
    return True


@row(55, "A34", "register, payment platform and post answer for the caller before, or twice, on connections that stay open",
     "no answer about another is taken; no data crosses dossiers; everything is done once")
def for_another(w):
    def busy():
        return ([fresh(w, partition=i % 8) for i in range(8)], [fresh(w, "birth-late-exempt", partition=i % 8, exemption=None) for i in range(8)],
                [fresh(w, "criminal-record-by-post", partition=i % 8) for i in range(4)])

    def through(people, owing, posted):
        for d in people:
            d.wait(40, casework=OPEN)
            same(outcomes(d), [("population", "match")])
        for d in owing + posted:
            until(lambda: d.row()["fee"] == "paid", 40, lambda: f"{d.where()} {w.troubles()}")
            same(accepted(w, "payment", "init", d), 1, f"orders of {d.id}")
        until(lambda: all(accepted(w, "postal", "order", d) == 1 for d in posted), 40, "no parcel")

    asked = ("population", "payment", "postal")
    for name in asked:
        w.gate[name].deed = twice
    crowd = busy()
    until(lambda: all(w.gate[n].since(0) for n in asked), 30)
    through(*crowd)
    for name in asked:
        w.gate[name].deed = twice_late
    through(*busy())
    begin = time.monotonic()
    for name in asked:
        w.gate[name].deed = behind_by_one
    crowd = busy()
    until(lambda: all(len(w.gate[n].since(begin)) >= 8 for n in ("population", "payment")), 30)
    for name in asked:
        w.gate[name].heal()
    yield
    through(*crowd)
    item = {l["key"]: l["item_code"] for l in w.ledger("postal", op="order") if l["outcome"] == "accepted"}
    for p in w.sql.rows("select parcel_id, item_code from dispatch.parcel where item_code is not null"):
        same(p["item_code"], item[p["parcel_id"]], f"item code of {p['parcel_id']}")
    filled = w.sql.value("select count(*) from lookup.evidence where outcome <> 'match' and filled is not null")
    same(filled, 0, "filled from an answer that was no match")
    return "twice at once, twice 20 ms apart, always the answer before: 24 people a match of their own, 36 paid once, 12 parcels once, item codes as in the post's ledger"


# --- 57 ------------------------------------------------------------------------------------------------------------------

def bomb():
    body = gzip.compress(b" " * (50 << 20))
    return peers.says(peers.answer(200, body, {"Content-Encoding": "gzip"}), False)


def lengths(declared, body=b'{"MaLoi":"000","CongdanCollection":{"CongDan":[]}}', extra=b""):
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {declared}\r\n".encode() + extra
    return peers.says(head + b"\r\n" + body, False)


@row(57, "A33", "a gzip bomb, chunks without end, lengths that are short, long, negative, two, heads of 1 MB, no length at all, HTTP/0.9",
     "each ends for one reason within its time, in bounded memory, and decides nothing")
def cheating(w):
    worker, gate = w.workers["lookup"], w.gate["population"]
    body = b'{"MaLoi":"000","CongdanCollection":{"CongDan":[]}}'
    cases = {
        "gzip bomb": bomb(), "endless chunks": peers.chunks, "too short a length": lengths(len(body) - 9), "too long a length": lengths(len(body) + 9),
        "negative length": lengths(-5), "two lengths": lengths(len(body), extra=b"Content-Length: 5\r\n"),
        "head of 1 MB": lengths(len(body), extra=b"".join(b"X-%d: %s\r\n" % (i, b"x" * 1000) for i in range(1000))),
        "no length": peers.says(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + body, False),
        "HTTP/0.9": peers.says(body, False), "bad chunk": peers.says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + body, False),
    }
    reasons, memory = {}, resident_kb(worker)
    for what, deed in cases.items():
        begin = time.monotonic()
        ce_id = f"cheat-{w.load_number()}"
        gate.only = lambda call: call.dossier == stack.dossier_id("/portal/test", ce_id)     # the others are well: the breaker stays closed
        gate.deed = deed
        d = w.submit("birth-in-time", id=ce_id)
        until(lambda: len(gate.since(begin, dossier=d.id)) >= 2, 30, f"{what}: not called again")
        same(d.row()["lookup"], "none", f"{what}: decided")
        gate.heal()
        d.wait(30, casework=OPEN)
        same(outcomes(d), [("population", "match")], what)
        reasons[what] = len(gate.since(begin, dossier=d.id))
    grown = resident_kb(worker) - memory
    check(grown < 16000, f"grown by {grown} kB")
    yield
    return f"{len(cases)} kinds, each asked again until the answer was good ({', '.join(f'{k}: {v} calls' for k, v in reasons.items())}); memory grew by {grown} kB"


def resident_kb(worker):
    with open(f"/proc/{worker.process.pid}/status") as f:
        return int(next(l for l in f if l.startswith("VmRSS:")).split()[1])


# --- 58 ------------------------------------------------------------------------------------------------------------------

@row(58, "B24 C17", "register, object store, payment platform and post send elsewhere: 301, 302, 307, 308, http, file",
     "never followed: the trap hears nothing; what they were asked waits, and is done once")
def elsewhere(w):
    trap = peers.Gate(w.port)
    for number, where in ((301, f"http://127.0.0.1:{trap.port}/population/x"), (302, f"http://127.0.0.1:{trap.port}/"), (307, f"http://127.0.0.1:{trap.port}/init"),
                          (308, "file:///etc/passwd"), (302, f"//127.0.0.1:{trap.port}/y")):
        begin = time.monotonic()
        for name in ("population", "payment", "postal", "objects"):
            w.gate[name].deed = peers.status(number, {"Location": where})
        d = fresh(w)
        d.wait(20, intake="registered")
        until(lambda: [c for c in w.gate["objects"].since(begin) if not c.passed], 20, "the store is not asked")
        same(d.row()["verification"], "none", "decided on a redirect")
        w.gate["objects"].heal()
        until(lambda: [c for c in w.gate["population"].since(begin, dossier=d.id) if not c.passed], 20, "the register is not asked")
        same(d.row()["lookup"], "none", "decided on a redirect")
        w.gate["population"].heal()
        owing = fresh(w, "criminal-record-by-post")
        until(lambda: [c for c in w.gate["payment"].since(begin, dossier=owing.id) if not c.passed], 30, "the platform is not told")
        w.gate["payment"].heal()
        until(lambda: [c for c in w.gate["postal"].since(begin, dossier=owing.id) if not c.passed], 60, lambda: f"the post is not told: {owing.where()} {w.troubles()}")
        w.gate["postal"].heal()
        until(lambda: accepted(w, "postal", "order", owing) == 1, 60, lambda: f"no parcel: {owing.where()} {w.troubles()}")
        same(accepted(w, "payment", "init", owing), 1)
        d.wait(30, casework=OPEN)
    same(len(trap.calls) + len(trap.links), 0, "calls at the place that was named")
    trap.shut()
    yield
    return "5 kinds of redirect from 4 peers: 0 calls at the address that they named, everything done once"


# --- 67, 68 --------------------------------------------------------------------------------------------------------------

@row(67, "A32", "the register is slow for one dossier, 1.8 s, and never answers for another", "the others pass at once")
def slow_for_one(w):
    gate = w.gate["population"]
    slow_id, never_id = stack.dossier_id("/portal/test", "slow-one"), stack.dossier_id("/portal/test", "never-one")

    def deed(link, call):
        if call.dossier == slow_id:
            link.stands(1.8)
            link.send(link.ask(call))
            return True
        return peers.hang(link, call)
    gate.only = lambda call: call.dossier in (slow_id, never_id)
    gate.deed = deed
    slow, never = w.submit("birth-in-time", id="slow-one", partition=2), w.submit("birth-in-time", id="never-one", partition=2)
    until(lambda: gate.since(0, dossier=never_id) and gate.since(0, dossier=slow_id), 20, "not asked")
    begin = time.monotonic()
    others = [fresh(w, partition=2) for _ in range(10)]
    for d in others:
        d.wait(20, casework=OPEN)
    seconds = time.monotonic() - begin
    check(seconds < 4 * stack.SLOW, f"ten others of the same lane took {seconds:.1f} s")
    slow.wait(20, casework=OPEN)
    same(outcomes(slow), [("population", "match")])
    same(never.row()["lookup"], "none")
    gate.heal()
    yield
    never.wait(30, casework=OPEN)
    same(outcomes(never), [("population", "match")])
    return f"ten others of the same lane were through in {seconds:.1f} s; the slow one had its match, the other one as soon as it was answered"


@row(68, "issue", "register and payment platform take two connections at once, and reset the others", "goes on with two; everything is done once")
def two_connections(w):
    for name in ("population", "payment"):
        w.gate[name].cut()
        w.gate[name].most, w.gate[name].widest, w.gate[name].turned_away = 2, 0, 0
    begin = time.monotonic()
    many = [fresh(w, "birth-late-exempt", partition=i % 8, exemption=None) for i in range(60)]
    until(lambda: sum(d.row()["fee"] == "paid" for d in many) == len(many), 90, lambda: f"{[d.where() for d in many if d.row()['fee'] != 'paid'][:2]} {w.troubles()}")
    seconds = time.monotonic() - begin
    for d in many:
        same((outcomes(d), accepted(w, "payment", "init", d)), ([("population", "match")], 1))
    turned, wide = [w.gate[n].turned_away for n in ("population", "payment")], [w.gate[n].widest for n in ("population", "payment")]
    check(max(wide) <= 2, wide)
    for name in ("population", "payment"):
        w.gate[name].heal()
    yield
    return f"60 dossiers at once, all matched and paid in {seconds:.0f} s; turned away: {turned[0]} and {turned[1]} connections"


fault.main(__file__, globals(), gates=PEERS, params={"lookup": {"lookup.timeout": "2000"}})
