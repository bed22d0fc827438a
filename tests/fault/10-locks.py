#!/usr/bin/env python3
"""10 - the database says no, or says nothing for a while: time-outs, locks of others, deadlocks, errors at the commit."""
import re, signal, time
import fault, postgres, stack
from fault import row
from stack import STAGES, check, same, until


@row(10, "A29", "every write of the journal takes longer than the statement time-out (6 s), for some seconds",
     "the statement is given up, the batch is made smaller, and done again when it is over")
def statement_time_out(w):
    log = postgres.Log(w)
    with postgres.Spell(w, "journal", "perform pg_sleep(20)"):
        w.flood(40)
        until(lambda: log.count("code=57014") >= 3, 40, "no statement times out")
        given = w.total("given")
        until(lambda: log.count("code=57014") >= 6, 40, "no other statement times out")
        same(w.total("given"), given, "decided meanwhile")
    w.healed()
    return f"{log.count('code=57014')} statements given up; nothing was decided meanwhile"


@row(11, "A29", "an administrator locks a dossier for half a minute, something about which comes up at every moment; then a lane of verification",
     "other dossiers of the same stages and lanes go on within seconds, and so do the other lanes of verification; then the locked ones do")
def locked(w):
    log = postgres.Log(w)
    victim = w.submit("birth-in-time", partition=3)
    victim.wait(casework="open")
    holder = w.another_sql()

    def waiting():
        return w.sql.value(f"select count(*) from core.job where dossier = '{victim.id}' and reason = 'locked'")

    def hold(what, seconds, lanes, then=None):
        """Rounds of new dossiers beside what is held: how long the first took, and the longest of the others."""
        holder.run("begin")
        same(holder.value(f"select count(*) from (select 1 from {what} for update) x"), 1, "held")
        begin, rounds = time.monotonic(), []
        if then:
            then()
        while time.monotonic() - begin < seconds or len(rounds) < 3:
            at = time.monotonic()
            others = [w.submit("birth-in-time", partition=lane) for lane in lanes]
            until(lambda: w.ended(others) == len(others), 30,
                  lambda: f"{w.ended(others)} of {len(others)} ended beside {what}: {[d.where() for d in others]} {w.troubles()}")
            rounds.append(time.monotonic() - at)
        return rounds

    beside = hold(f"core.dossier where id = '{victim.id}'", 30, range(w.lanes),
                  lambda: victim.request("withdrawal_requested", {"reason": "đổi ý"}))
    check(waiting() > 0, "its request does not wait for the lock")
    holder.run("rollback")
    until(lambda: waiting() == 0, 15, "its request still waits")
    other = [lane for lane in range(w.lanes) if lane != 5]
    late = w.submit("birth-in-time", partition=5)
    lanes = hold("core.lane where stage = 1 and lane = 5", 15, other)
    holder.run("rollback")
    holder.close()
    w.healed()
    for rounds in (beside, lanes):
        check(max(rounds[1:]) < 8 * stack.SLOW, f"rounds took {rounds}")
    check(log.count("event=dossier_locked") > 0 and log.count("event=lane_locked lane=5", "verification") > 0, "nobody met a lock")
    until(lambda: w.ended([late]), 30, "the dossier of the locked lane")
    return (f"beside the dossier {len(beside)} rounds of 8 others: first {beside[0]:.1f} s, then at most {max(beside[1:]):.1f} s; "
            f"beside the lane {len(lanes)} rounds of 7: first {lanes[0]:.1f} s, then at most {max(lanes[1:]):.1f} s")


fault.main(__file__, globals())
