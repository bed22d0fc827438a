#!/usr/bin/env python3
"""08 - the wire between workers and database: slow, cut at the worst moment, silent, and a password that is wrong."""
import threading, time
import fault, postgres
from fault import row
from stack import STAGES, check, same, until


@row(8, "A22", "the way to the database takes 200 ms, each way", "everything takes longer, nothing times out, nothing is doubted", within=20)
def slow(w):
    log = postgres.Log(w)
    for p in w.proxies.values():
        p.delay = 0.2
    begin = time.monotonic()
    w.flood(24)
    until(lambda: w.ended(w.flooded) == 24, 120, lambda: f"{w.ended(w.flooded)} of 24 ended")
    seconds = time.monotonic() - begin
    # A connection that has to be made anew costs a few trips, not one for each statement.
    here = postgres.Log(w)
    w.proxies["fee"].cut()
    again = time.monotonic()
    before = w.sql.value("select sum(turns) from core.lane where stage = 3")
    until(lambda: w.sql.value("select sum(turns) from core.lane where stage = 3") > before, 20, "fee does not connect again")
    again = time.monotonic() - again
    check(again < 10, f"a new connection took {again:.1f} s")
    trouble = [l for n, l in log.lines("event=(turn_failed|commit_unsure|claim_failed)") if n != "fee"]
    same(trouble, [], "trouble")
    for p in w.proxies.values():
        p.delay = 0
    return f"24 dossiers ended in {seconds:.0f} s; connected anew and at work in {again:.1f} s; no time-out"


class Cutter:
    """Cuts connections at their COMMIT: before it reaches the server, or after the server has done it."""

    def __init__(self, w, before):
        self.w, self.before, self.cuts, self.seen, self.lock = w, before, {}, 0, threading.Lock()
        for stage, p in w.proxies.items():
            p.watch = lambda way, data, link, stage=stage: self.look(stage, way, data, link)

    def due(self, stage):
        """Every third of a stage, so that work goes on in between."""
        with self.lock:
            self.seen += 1
            if self.seen % 3:
                return False
            self.cuts[stage] = self.cuts.get(stage, 0) + 1
            return True

    def look(self, stage, way, data, link):
        state = link.state
        if way == "up":
            if b"\0lane_save\0" in data:       # bound, not prepared
                state["writes"] = True
            if b"\0commit\0" in data and state.pop("writes", False):
                if self.before:
                    return None if self.due(stage) else data
                state["commits"] = True
        elif b"C\0\0\0\x0bCOMMIT\0" in data and state.pop("commits", False):
            return None if self.due(stage) else data
        return data

    def total(self):
        return sum(self.cuts.values())

    def end(self):
        for p in self.w.proxies.values():
            p.watch = None


@row(9, "A23", "the connection is cut at the COMMIT, 30 times before it reaches the server, 30 times after the server has done it",
     "the worker asks the database each time, and is right each time")
def commit_cut(w):
    said = []
    for before in (True, False):
        log = postgres.Log(w)
        cutter = Cutter(w, before)
        def enough():
            if w.ended(w.flooded) == len(w.flooded):
                w.flood(10)
            return cutter.total() >= 30
        until(enough, 90, lambda: f"{cutter.total()} cuts")
        cutter.end()
        until(lambda: log.count("event=commit_settled") >= cutter.total(), 40,
              lambda: f"{cutter.total()} cuts, {log.count('event=commit_settled')} settled")
        unsure, happened, not_happened = log.unsure()
        same((unsure, happened, not_happened), (cutter.total(), 0 if before else cutter.total(), cutter.total() if before else 0),
             f"cut {'before' if before else 'after'}: lost, had happened, had not")
        check(len(cutter.cuts) >= 5, f"only {cutter.cuts}")
        said.append(f"{cutter.total()} cut {'before: none had happened' if before else 'after: all had happened'}, at {len(cutter.cuts)} stages")
    return "; ".join(said)


@row(19, "A19", "the way of tracking to the database goes silent for 40 s without being closed",
     "it notices by its own deadline; its locks are freed; dossiers of all other stages go on meanwhile")
def silent(w):
    log = postgres.Log(w)
    w.flood(100)
    postgres.working(w)
    p = w.proxies["tracking"]
    p.freeze, begin = True, time.monotonic()
    meanwhile = w.submit_all(["birth-in-time"] * 16)
    w.flooded += meanwhile
    log.all_say(r"code=(08006|08001)", 20, ["tracking"])
    noticed = time.monotonic() - begin
    until(lambda: w.ended(meanwhile) == 16, 25, lambda: f"{w.ended(meanwhile)} of 16 ended while tracking is cut off: {w.troubles()}")
    passed = time.monotonic() - begin
    held = w.sql.value("select count(*) from pg_stat_activity where usename = 'dossier_tracking' and state like 'idle in transaction%'")
    same(held, 0, "sessions of tracking that still hold locks")
    until(lambda: time.monotonic() - begin >= 40, 60)
    check(w.workers["tracking"].is_alive(), "tracking has ended: " + w.workers["tracking"].tail())
    same([l for n, l in log.lines("event=(turn_failed|commit_unsure)") if n != "tracking" and "55P03" not in l], [], "others in trouble")
    p.freeze = False
    return f"noticed after {noticed:.1f} s; 16 new dossiers ended in {passed:.1f} s meanwhile; {log.unsure_told()}"


fault.main(__file__, globals(), kind=postgres.Wired)
