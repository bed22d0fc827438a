#!/usr/bin/env python3
"""32 - dossiers that nobody can finish, among thousands of others: found, set apart, parked with a reason; the others go on."""
import os, time
import fault, postgres, stack
from fault import row
from stack import STAGES, check, same, submission, until

COUNT = 10000 if os.environ.get("LONG") else 2000
STALL = 8          # seconds in which no dossier at all may come to its end, while one statement time-out (6 s) is waited for
OPERATOR = ["--yes", "--why", "its cause is gone"]


def parked(w):
    return w.sql.rows("select j.dossier, s.name as stage, j.lane, j.reason from core.job j join core.stage s using (stage) "
                      "where j.due_at is null order by stage")


class Watch:
    """How these come to their end: how many, and the longest time in which none did."""

    def __init__(self, w, dossiers):
        self.w, self.dossiers, self.begin = w, dossiers, time.monotonic()
        self.n, self.at, self.stall, self.seconds = 0, self.begin, 0.0, None
        w.sql.run("create temporary table if not exists watched (id uuid)")
        w.sql.run("truncate watched")
        for i in range(0, len(dossiers), 1000):
            w.sql.run("insert into watched values " + ",".join(f"('{d.id}')" for d in dossiers[i:i + 1000]))

    def look(self):
        n, now = self.w.sql.value(f"select count(*) from core.dossier join watched using (id) where {fault.END}"), time.monotonic()
        self.stall = max(self.stall, now - self.at)
        if n > self.n:
            self.n, self.at = n, now
        return n == len(self.dossiers)

    def all_end(self, seconds):
        until(self.look, seconds, lambda: f"{self.n} of {len(self.dossiers)} ended; {self.w.troubles()}", step=0.1)
        self.seconds = time.monotonic() - self.begin


def release(w, dossiers):
    """As an operator does, when the cause is gone."""
    for d in dossiers:
        done = w.ctl("parked", "release", "--dossier", d.id, *OPERATOR)
        same(done.returncode, 0, done.stdout + done.stderr)


@row(32, "issue", f"of {COUNT} dossiers one for each stage is such that its write is refused there, for good",
     "each is parked at its own stage, with the reason, and shown to the operator; all others end, in about the time that they take without; "
     "mended and released, those end too", load=0)
def one_for_each_stage(w):
    plain = w.submit_all(["birth-in-time"] * COUNT)
    before = Watch(w, plain)
    before.all_end(60 + COUNT / 50)
    ids = {stage: w.new_id() for stage in STAGES}
    id_of = {stage: stack.dossier_id("/portal/test", id) for stage, id in ids.items()}
    does = " ".join(f"if new.id = '{id_of[s]}' and " + ("tg_op = 'INSERT'" if s == "intake" else
                    f"tg_op = 'UPDATE' and new.{s} <> old.{s}") +
                    f" then raise exception 'nothing can be done with it' using errcode = '23514', constraint = 'poison_{s}'; end if;"
                    for s in STAGES)
    with postgres.Spell(w, "dossier", does[:-1], when="insert or update"):
        datas = [submission("birth-in-time") for _ in range(COUNT + len(STAGES))]
        names = [w.new_id() for _ in datas]
        places = {COUNT * (i + 1) // (len(STAGES) + 1) + i: s for i, s in enumerate(STAGES)}
        for i, s in places.items():
            names[i] = ids[s]
        at = w.produce([w.message(d, id=n) for d, n in zip(datas, names)])
        all = [stack.Dossier(w, "/portal/test", n, d, p) for n, d, p in zip(names, datas, at)]
        bad = {s: all[i] for i, s in places.items()}
        during = Watch(w, [d for i, d in enumerate(all) if i not in places])
        during.all_end(60 + COUNT / 50)
        until(lambda: len(parked(w)) == len(STAGES), 30, lambda: f"parked: {parked(w)}")
        found = {r["stage"]: r for r in parked(w)}
        same({s: found[s]["dossier"] if s in found else None for s in STAGES}, id_of, "parked, by stage")
        for s in STAGES:
            check(found[s]["reason"].startswith("data: the database refuses its data: SQLSTATE 23514") and f"poison_{s}" in found[s]["reason"],
                  f"{s}: {found[s]['reason']}")
        listed = {r["stage"]: r["dossier"] for r in w.ctl_rows("parked", "list")}
        same(listed, id_of, "dossierctl parked list")
        check(during.stall <= STALL * stack.SLOW, f"for {during.stall:.1f} s none ended")
        check(during.seconds <= (2 * before.seconds + 5) * stack.SLOW, f"{during.seconds:.1f} s beside them, {before.seconds:.1f} s without")
    release(w, bad.values())
    w.healed()
    yield
    until(lambda: w.ended(bad.values()) == len(bad), 30, lambda: [d.where() for d in bad.values()])
    same(parked(w), [], "parked")
    return (f"{COUNT} in {before.seconds:.1f} s without; {COUNT} beside {len(bad)} refused ones in {during.seconds:.1f} s, "
            f"longest time without an end {during.stall:.1f} s; all {len(bad)} parked at their stage and ended when released")


ONE = "if position('Trần Chậm' in convert_from(new.body, 'UTF8')) > 0 then {}; end if"


def failing_one(w, deed, code, longest):
    """One dossier's writes always fail with a code that may be anybody's fault; in words. longest: what a round of others may take."""
    log = postgres.Log(w)
    with postgres.Spell(w, "content", ONE.format(deed)):
        datas = [submission("birth-in-time") for _ in range(200)]
        datas.insert(100, submission("birth-in-time", applicant={"name": "Trần Chậm"}))
        dossiers = w.submit_all(datas, partition=3)
        victim = dossiers.pop(100)
        first = Watch(w, dossiers)
        rounds = []
        while not parked(w):
            begin = time.monotonic()
            others = [w.submit("birth-in-time", partition=lane) for lane in range(w.lanes)]
            until(lambda: first.look() or w.ended(others) == len(others), 40, lambda: f"{w.ended(others)} of 8 ended beside it; {w.troubles()}")
            until(lambda: w.ended(others) == len(others), 40, lambda: f"{w.ended(others)} of 8 ended beside it; {w.troubles()}")
            rounds.append(time.monotonic() - begin)
            check(len(rounds) < 1000 and time.monotonic() - first.begin < 120 * stack.SLOW, f"never parked; {w.troubles()}")
        seconds = time.monotonic() - first.begin
        found = parked(w)
        same([(r["dossier"], r["stage"]) for r in found], [(victim.id, "intake")])
        check(found[0]["reason"].startswith("slow: the database gave it up 3 times") and code in found[0]["reason"], found[0]["reason"])
        same(log.count("event=set_apart", "intake"), 2, "set apart before")
        n = log.count(f"event=turn_failed.* code={code}", "intake")
        check(rounds[0] < 4 * longest * stack.SLOW and max(rounds[1:]) < 1.7 * longest * stack.SLOW, f"rounds took {rounds}")
        first.all_end(20)
        # Who sends other data under the same id meanwhile stands behind it, and is told of the conflict.
        other = w.submit("birth-in-time", id=victim.ce_id, partition=3, applicant={"name": "Trần Nhanh"})
        until(lambda: w.sql.value(f"select count(*) from core.job where stage = 0 and dossier = '{victim.id}'") == 2, 20, "it does not wait")
        same(victim.row(), None, "its row")
    release(w, [victim])
    w.healed()
    yield
    until(lambda: w.ended([victim]), 20, victim.where)
    came = [(e["type"].split(".")[-2], e["headers"]["ce_cause"]) for e in victim.entries("intake")]
    check([c for c in came if c[0] in ("registered", "conflict")] == [(kind, f"dossier.submissions/{d.place[0]}/{d.place[1]}")
          for kind, d in (("registered", victim), ("conflict", other))], came)
    return (f"parked after {seconds:.0f} s and {n} failures; {len(rounds)} rounds of 8 others meanwhile, the first in {rounds[0]:.1f} s, "
            f"then at most {max(rounds[1:]):.1f} s; released it ended")


@row(35, "issue", "the writes of one dossier always take longer than the statement time-out (6 s), while others come on every lane",
     "it is found among the others, tried alone three times and parked with the reason; the others wait for its time-outs at most; mended and released, it ends")
def slow_one(w):
    return (yield from failing_one(w, "perform pg_sleep(20)", "57014", 6))


@row(38, "issue", "the writes of one dossier always end with an exception that a trigger raises (P0001), while others come on every lane",
     "as in row 35, without its waits")
def excepted_one(w):
    return (yield from failing_one(w, "raise exception 'not this one'", "P0001", 6))


@row(36, "issue", "the writes of every dossier take longer than the statement time-out at intake, for 45 s",
     "nobody is set apart for good: it is nobody's fault", load=2)
def slow_for_all(w):
    log = postgres.Log(w)
    with postgres.Spell(w, "content", "perform pg_sleep(20)"):
        w.flood(40)
        begin = time.monotonic()
        until(lambda: log.count("code=57014", "intake") >= 6 and time.monotonic() - begin > 45, 120, "too few time-outs")
        same(parked(w), [], "parked")
        most = w.sql.value("select coalesce(max(suspect), 0) from core.job")
        check(most <= 1, f"counted against one: {most}")
    w.healed()
    yield
    same(parked(w), [], "parked")
    return f"{log.count('event=turn_failed.* code=57014', 'intake')} time-outs, {log.count('event=set_apart', 'intake')} times one was set apart; none was parked, none counted twice"


fault.main(__file__, globals(), params={"*": {"appeal": "5s"}}, allowed_errors=["batch_refused", "end=parked"])
