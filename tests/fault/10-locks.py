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


@row(12, "A28", "an administrator locks two dossiers in the opposite order of a worker's, again and again, until three deadlocks have happened",
     "the worker that is chosen takes its turn again, and both requests are answered")
def deadlock(w):
    log = postgres.Log(w)
    seen = lambda: w.sql.value("select deadlocks from pg_stat_database where datname = current_database()")
    first, second = sorted((w.submit("birth-in-time", partition=2) for _ in range(2)), key=lambda d: d.id)
    for d in (first, second):
        d.wait(casework=("decided",))
    # The worker looks for a circle once, so long after it began to wait: by then it is closed.
    w.sql.run("alter system set deadlock_timeout = '1500ms'")
    w.sql.run("select pg_reload_conf()")
    holder = w.another_sql()
    holder.run("set deadlock_timeout = '60s'")
    before, tries = seen(), 0
    while log.count("worker=intake.* code=40P01") < 3:
        tries += 1
        check(tries <= 20, f"only {log.count('code=40P01')} deadlocks in 20 attempts")
        holder.run("begin")
        holder.run(f"select 1 from core.dossier where id = '{second.id}' for update")
        messages = [{"topic": "citizen.requests", "key": d.id, "partition": 2, "value": stack.as_json({"reason": "đổi ý"}), "headers":
                     stack.headers("vn.dossier.withdrawal_requested.v1", d.source, f"{d.ce_id}-again-{tries}", d.id)} for d in (first, second)]
        w.produce(messages)
        until(lambda: w.sql.value("select count(*) from pg_stat_activity where usename = 'dossier_intake' and wait_event_type = 'Lock'"),
              20, "intake does not wait", step=0.01)
        holder.run(f"select 1 from core.dossier where id = '{first.id}' for update")
        holder.run("rollback")
        until(lambda: w.sql.value(f"select length(inputs) / 16 >= {tries} from core.dossier where id = '{first.id}'") or
              w.ended([first]), 20, "the request is not taken")
    holder.close()
    w.sql.run("alter system reset deadlock_timeout")
    w.sql.run("select pg_reload_conf()")
    until(lambda: seen() >= before + 3, 10, "the server counted fewer deadlocks")
    return f"{log.count('code=40P01')} deadlocks in {tries} attempts, the worker gave way each time"


@row(13, "A28", "every commit with a journal entry fails with a serialization failure (40001), for some seconds", "the batch is decided again until it is over")
def serialization(w):
    log = postgres.Log(w)
    with postgres.Spell(w, "journal", "raise exception 'could not serialize' using errcode = '40001'", deferred=True):
        w.flood(60)
        until(lambda: log.count("code=40001") >= 10, 30, "no commit fails")
        given = w.total("given")
        until(lambda: log.count("code=40001") >= 20, 30, "no other commit fails")
        same(w.total("given"), given, "decided meanwhile")
    w.healed()
    same(log.count("event=commit_unsure"), 0, "doubted, though the database said no")
    return f"{log.count('code=40001')} commits failed; nothing was decided meanwhile"


def is_stopped(program):
    with open(f"/proc/{program.process.pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[0] == "T"


def in_transaction(w, stage):
    return w.sql.value(f"select count(*) from pg_stat_activity where usename = 'dossier_{stage}' and state like 'idle in transaction%'")


@row(15, "A5", "intake and tracking stand still between their locks and their commit (SIGSTOP), intake for 45 s, with another intake beside it, tracking for a minute",
     "their locks are freed within seconds, the other stages go on, what they had decided is never committed; tracking is ended by its hang limit")
def stopped_between(w):
    log = postgres.Log(w)
    for stage in ("intake", "tracking"):
        same(w.workers[stage].end(), 0, stage)
        w.workers[stage] = w.start_worker(stage, env={"DOSSIER_KILL_POINT": "turn.locked:30:stop"})
        w.wait_up(w.workers[stage])
    both = [w.workers["intake"], w.workers["tracking"]]
    w.flood(40)
    until(lambda: all(is_stopped(p) for p in both), 60, "not stopped")
    begin = time.monotonic()
    other = w.start_worker("intake", name="intake-2")
    until(lambda: not in_transaction(w, "tracking"), 15, "tracking's session still holds its locks", step=0.02)
    until(lambda: w.sql.value("select count(*) from pg_stat_activity where usename = 'dossier_intake' and state like 'idle in transaction%' "
                              "and now() - state_change > interval '1 s'") == 0, 15, "intake's session still holds its locks", step=0.02)
    freed = time.monotonic() - begin
    rounds = []
    while time.monotonic() - begin < 45:
        at = time.monotonic()
        fresh = [w.submit("birth-in-time", partition=lane) for lane in range(w.lanes)]
        until(lambda: w.ended(fresh) == len(fresh), 40, lambda: f"{w.ended(fresh)} of 8 ended beside the stopped: {w.troubles()}")
        rounds.append(time.monotonic() - at)
    zombie, late = both
    zombie.signal(signal.SIGCONT)
    zombie.wait_log(r"event=commit_settled happened=0|event=turn_failed .*code=(25P03|fenced|08006|57P05)", 15)
    check("event=commit_settled happened=1" not in zombie.log(), "what the stopped intake had decided was committed")
    until(lambda: time.monotonic() - begin >= 62, 60)
    late.may_die = True
    late.signal(signal.SIGCONT)
    same(late.process.wait(20), -signal.SIGALRM, "how tracking ended")
    w.workers["tracking"] = w.start_worker("tracking")
    w.wait_up(w.workers["tracking"])
    w.healed()
    same(other.end(), 0, "the second intake")
    return (f"locks freed {freed:.1f} s after; {len(rounds)} rounds of new dossiers ended meanwhile, the first in {rounds[0]:.1f} s, "
            f"then at most {max(rounds[1:]):.1f} s; the stopped intake committed nothing and works again; {log.unsure_told()}")


fault.main(__file__, globals())
