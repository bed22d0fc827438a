#!/usr/bin/env python3
"""63 - clocks of workers: stepped by an hour and back, ten minutes apart, drifting, stopped for half a minute, without time zones."""
import os, signal, time
import fault, peers, stack
from clock import Clock
from fault import row
from stack import STAGES, same, until

OPEN = ("open", "accepted", "processing", "decided")


def clock_of(w, name, seconds=0, fast=0):
    return Clock(os.path.join(w.folder, name + ".clock"), seconds, fast)


def again(w, stages, env=lambda stage: None, **params):
    """The workers of these stages in another environment, all at once."""
    for stage in stages:
        w.workers[stage].signal(signal.SIGTERM)
    for stage in stages:
        w.workers[stage].end()
    for worker in [w.start_worker(stage, env=env(stage), **params) for stage in stages]:
        w.wait_up(worker)


def fresh(w, template="birth-in-time", **changes):
    return w.submit(template, id=f"row-{w.load_number()}", **changes)


def log_clock(worker):
    """Seconds by which the worker's wall clock is ahead of ours, as its log shows."""
    line = [l for l in worker.log().splitlines() if l.startswith("ts=")][-1]
    at = stack.datetime.datetime.fromisoformat(line[3:].split()[0].replace("Z", "+00:00"))
    return (at - stack.datetime.datetime.now(stack.datetime.timezone.utc)).total_seconds()


def far_future(w):
    """Jobs that would not be looked at for more than ten minutes, though nobody has a term so long; and lanes that have read ahead of now."""
    return (w.sql.value("select count(*) from core.job where kind <> 2 and due_at > now() + interval '10 minutes' and due_at < 'infinity'"),
            w.sql.value("""select count(*) from core.lane l, unnest(l.read_to) t where t > extract(epoch from now()) * 1e6 + 1e6"""))


def steps(w, seen):
    """All seven workers' clocks step to and fro, while dossiers arrive."""
    clocks = {stage: clock_of(w, stage) for stage in STAGES}
    again(w, STAGES, lambda stage: clocks[stage].env)
    owing = [fresh(w, "birth-late-exempt", exemption=None) for _ in range(3)]
    for says in (3600, -3600, 0):
        for clock in clocks.values():
            clock.step(says)
        until(lambda: all(abs(log_clock(w.workers[s]) - says) < 60 for s in STAGES), 40, lambda: f"{says}: {[round(log_clock(w.workers[s])) for s in STAGES]}", 0.5)
        # Those that must wait: an unknown dossier, something behind a register that hangs, a supplement, an effect that is told again.
        w.gate["population"].deed = w.gate["payment"].deed = peers.status(503)
        some = [fresh(w) for _ in range(3)] + [fresh(w, "birth-late-exempt", exemption=None)]
        until(lambda: w.gate["population"].since(0, dossier=some[0].id), 20, "not asked")
        same(far_future(w), (0, 0), f"{says}: jobs due in the far future, lanes that have read ahead of now")
        w.gate["population"].heal()
        w.gate["payment"].heal()
        begin = time.monotonic()
        for d in some[:3]:
            d.wait(30, casework=OPEN)
        some[3].wait(40, fee="paid")
        seen.append(f"{says:+d} s: {time.monotonic() - begin:.1f} s")
        same(far_future(w), (0, 0), f"{says}: jobs due in the far future, lanes that have read ahead of now")
    for d in owing:
        d.wait(30, fee="paid")


@row(63, "A37", "the wall clocks of all workers step by +1 h, to -1 h and back, under load, while a register and the payment platform fail",
     "nothing waits an hour, nothing expires, no lane has read into the future")
def stepped(w):
    seen = []
    steps(w, seen)
    at = w.sql.value("select count(*) from core.dossier where fee = 5 or casework = 5 and reason = 'payment_expired'")
    same(at, 0, "expired")
    again(w, STAGES)
    yield
    return f"after each step all that had waited for the peers was through: {', '.join(seen)} after they were healed; 0 jobs due in more than 10 minutes, 0 lanes read ahead"


@row(65, "A38", "two workers of fee, and two of casework, whose clocks are 10 minutes apart, one of them killed amid its effects",
     "no effect on order, leases or fees: what one began the other asks about, within its window")
def apart(w):
    others = []
    for stage in ("fee", "casework", "lookup"):
        early, late = clock_of(w, stage + "-early", -600), clock_of(w, stage + "-late", 600)
        again(w, [stage], lambda _: early.env)
        others.append(w.start_worker(stage, stage + "-late", late.env))
        w.wait_up(others[-1])
    until(lambda: w.sql.value("select count(distinct owner) from core.lane where stage = 3") == 2, 30, "lanes are not shared")
    w.gate["payment"].deed = peers.drop
    w.gate["payment"].only = lambda call: call.path.endswith("/init")
    begin = time.monotonic()
    owing = [fresh(w, "birth-late-exempt", partition=i % 8, exemption=None) for i in range(16)]
    until(lambda: len(w.gate["payment"].since(begin)) >= 8, 20, "nothing is told")
    w.workers["fee-late"].kill()
    w.gate["payment"].heal()
    yield
    for d in owing:
        d.wait(60, fee="paid")
        accepted = [l for l in w.ledger("payment", op="init", dossier=d.id) if l["outcome"] == "accepted"]
        same(len(accepted), 1, f"orders of {d.id}")
    for stage in ("fee", "casework", "lookup"):
        if stage != "fee":
            w.workers[stage + "-late"].end()
        del w.workers[stage + "-late"]
    again(w, ("fee", "casework", "lookup"))
    return "16 orders begun by two workers 20 minutes apart, one killed: each placed once; all paid"


@row(66, "A37", "one fee worker is stopped for 30 s with 400 orders in hand, and goes on afterwards; another's clock runs 5 % fast",
     "what is past its window is not told by the one that stood still: a window is measured on the clock that counts sleep")
def stopped(w):
    fast = clock_of(w, "fee-fast", fast=50000)
    mine = peers.Gate(w.port)
    again(w, ["fee"], **{"fee.payment.url": f"http://127.0.0.1:{mine.port}/payment"})
    # Slow enough that most of what is ordered at once is held when it is stopped.
    mine.deed = lambda link, call: (link.stands(1.5), link.send(link.ask(call)))[0] or True
    frozen = w.workers["fee"]
    begin = time.monotonic()
    datas = [stack.submission("birth-late-exempt", exemption=None) for _ in range(400)]
    many = w.submit_all(datas)
    until(lambda: len(mine.since(begin)) >= 32, 40, "nothing is told")
    frozen.signal(signal.SIGSTOP)
    still = time.monotonic()
    other = w.start_worker("fee", "fee-fast", fast.env)
    w.wait_up(other)
    until(lambda: w.sql.value("select count(*) from core.lane where stage = 3 and owner like '%%:" + str(other.process.pid) + "'") == 8, 60, "lanes are not taken over")
    until(lambda: time.monotonic() > still + 30, 40)
    told = len(mine.calls)
    frozen.signal(signal.SIGCONT)
    woken = time.monotonic()
    until(lambda: "fenced" in frozen.log() or "lane_released" in frozen.log() or time.monotonic() > woken + 15, 30)
    until(lambda: time.monotonic() > woken + 2, 5)
    # The one that stood still has no lane any more: until it has claimed one anew, what it tells it may not.
    claimed = w.sql.value("select extract(epoch from now() - min(claimed_at)) from core.lane where stage = 3 and owner like '%%:"
                          + str(frozen.process.pid) + "'")
    free = woken + 2 if claimed is None else min(woken + 2, time.monotonic() - float(claimed))
    late = [c for c in mine.calls[told:] if c.path.endswith("/init") and c.at < free]
    mine.deed = None
    yield
    for d in many:
        until(lambda: d.row()["fee"] == "paid", 90, lambda: f"{d.where()} {w.troubles()}")
    ids = {d.id for d in many}
    accepted = [l["dossier"] for l in w.ledger("payment", op="init") if l["outcome"] == "accepted" and l["dossier"] in ids]
    same((len(accepted), len(set(accepted))), (len(many), len(many)), "orders")
    same(len(late), 0, f"told in the {free - woken:.2f} s after it was woken and had no lane")
    other.end()
    del w.workers["fee-fast"]
    mine.shut()
    again(w, ["fee"])
    return f"stopped for 30 s after {told} calls; nothing told by it in the {free - woken:.2f} s for which it had no lane; 400 orders, each placed once"


@row(69, "A37", "the time-zone files are missing: TZDIR leads nowhere, TZ is another zone", "codes, days and deadlines are as ever")
def no_zones(w):
    def facts(d):
        d.wait(40, casework="decided")
        opened = next(e["data"] for e in d.entries("casework") if e["type"].endswith(".opened.v1"))
        accepted = next(e["data"] for e in d.entries("casework") if e["type"].endswith(".accepted.v1"))
        return d.row()["code"], opened["due_at"][:16], accepted["due_at"][:16]
    before = facts(fresh(w))
    again(w, STAGES, lambda stage: {"TZDIR": "/nowhere", "TZ": "America/St_Johns"})
    after = facts(fresh(w))
    same(before[0].rsplit("-", 1)[0], after[0].rsplit("-", 1)[0], "the day in the code")
    same(before[1:], after[1:], "first answer and appointment")
    again(w, STAGES)
    yield
    return f"code {after[0].rsplit('-', 1)[0]}-…, first answer by {after[1]}, appointment {after[2]}: the same with and without"


fault.main(__file__, globals(), gates=["population", "payment"], params={"lookup": {"lookup.timeout": "2000"}})
