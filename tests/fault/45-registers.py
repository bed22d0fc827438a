#!/usr/bin/env python3
"""45 - registers that refuse, hang, drip, flood, lie about lengths, send elsewhere: their dossiers wait, the others pass, nobody is refused."""
import time
import fault, peers, stack
from fault import row
from stack import check, same, until


def asking(w, n=4):
    """Dossiers about whose applicants the population register is asked, one a lane."""
    return [w.submit("birth-in-time", partition=i % w.lanes, id=f"asks-{w.load_number()}") for i in range(n)]


def outcomes(d):
    return [(o["registry"], o["outcome"]) for e in d.entries("lookup") for o in e["data"]["outcomes"]]


def others_pass(w):
    """A business asks the other register, and is through; the seconds it took."""
    begin = time.monotonic()
    w.submit("enterprise-address", id=f"other-{w.load_number()}").wait(20, lookup="answered")
    seconds = time.monotonic() - begin
    check(seconds < 3 * stack.SLOW, f"a dossier of the other register took {seconds:.1f} s")
    return seconds


def resident_kb(worker):
    with open(f"/proc/{worker.process.pid}/status") as f:
        return int(next(l for l in f if l.startswith("VmRSS:")).split()[1])


def trouble(w, pattern, since):
    """Until the worker says what is wrong with the register."""
    return w.workers["lookup"].wait_log(pattern, 30, since)


def out_of_order(w, spoil, reason, n=4, last=True):
    """The register is spoilt; nothing is decided meanwhile, the others pass, it is said why; healed, all is a match. Yields when
    healed, if it is the row's last."""
    lookup, gate = w.workers["lookup"], w.gate["population"]
    since, begin = len(lookup.log()), time.monotonic()
    spoil(gate)
    waiting = asking(w, n)
    for d in waiting:
        d.wait(20, verification=("complete", "incomplete"))
    trouble(w, rf"event=peer_down .*peer=population .*reason={reason}", since)
    other = others_pass(w)
    same([d.row()["lookup"] for d in waiting], ["none"] * n, "decided without the register")
    calls = len(gate.since(begin))
    gate.heal()
    if last:
        yield
    for d in waiting:
        d.wait(30, casework=("open", "accepted", "processing", "decided"))
        same(outcomes(d), [("population", "match")], d.id)
    trouble(w, r"event=peer_up .*peer=population", since)
    return f"reason={reason.replace(chr(92), '')}; nothing decided meanwhile, {n} of {n} a match afterwards; another register's dossier took {other:.1f} s; {calls} calls"


@row(45, "A32", "population register refuses connections", "its dossiers wait undecided, the others pass; then a match")
def refused(w):
    return (yield from out_of_order(w, lambda g: g.shut(), "connect"))


@row(46, "A32", "population register accepts and never answers", "each call ends at lookup.timeout; the others pass; then a match")
def hanging(w):
    def spoil(gate):
        gate.deed = peers.hang
    return (yield from out_of_order(w, spoil, "timeout"))


@row(47, "A33", "population register answers one byte a second", "given up at lookup.timeout; the others pass; then a match")
def dripping(w):
    def spoil(gate):
        gate.deed = peers.drip
    return (yield from out_of_order(w, spoil, "timeout"))


@row(48, "A33", "population register answers with 1 GB", "cut off at the limit of an answer: bounded memory and time")
def flooded(w):
    lookup, gate = w.workers["lookup"], w.gate["population"]
    before, most = resident_kb(lookup), []

    def spoil(gate):
        gate.deed = peers.flood(1 << 30)
    seen = yield from out_of_order(w, spoil, "too_large")
    grown = resident_kb(lookup) - before
    check(grown < 20000, f"grown by {grown} kB")
    check(gate.sent < 32 << 20, f"took {gate.sent} bytes of an answer")
    return f"{seen}; memory grew by {grown} kB, {gate.sent >> 10} kB of 1 GB taken before the connection was cut"


@row(49, "B39", "population register answers 200 with HTML, with broken JSON, with JSON of another shape", "no answer is taken from it; asked again; then a match")
def nonsense(w):
    kinds = [peers.answer(200, b"<html><body>Dang bao tri</body></html>", type="text/html"), peers.answer(200, b'{"MaLoi":"000","Congdan'),
             peers.answer(200, b'{"MaLoi":"000","CongdanCollection":"none"}'), peers.answer(200, b""), peers.answer(200, b"\xff\xfe\x00")]
    for what in kinds:
        def spoil(gate):
            gate.deed = peers.says(what)
        seen = yield from out_of_order(w, spoil, "answer", 1, what is kinds[-1])
    return f"{len(kinds)} kinds of nonsense, each: {seen}"


@row(50, "A33", "population register resets the connection amid its answer, or before it", "the half is no answer; then a match")
def torn(w):
    def spoil(gate):
        gate.deed = peers.half

    def spoil_all(gate):
        gate.deed = peers.reset
    seen = yield from out_of_order(w, spoil, "torn", 2, False)
    return seen + " / " + (yield from out_of_order(w, spoil_all, "reset", 2))


fault.main(__file__, globals(), gates=["population"], params={"lookup": {"lookup.timeout": "2000"}})
