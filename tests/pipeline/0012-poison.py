#!/usr/bin/env python3
"""0012 - a message whose data the database refuses, and one that kills its worker: set aside, the others of the lane go on.

Neither exists by itself, so the test makes them: a constraint, and a trigger that holds a transaction while the worker is killed.
"""
import stack
from stack import check, same, submission, until

LANE = 3
got = {}


def named(name):
    return submission("birth-in-time", applicant={"name": name})


def send_around(w, name):
    """Ten good dossiers, that one, ten good ones: at once, in one partition."""
    datas = [submission("birth-in-time") for _ in range(20)]
    datas.insert(10, named(name))
    dossiers = w.submit_all(datas, partition=LANE)
    return dossiers.pop(10), dossiers


def parked(w, d):
    return w.sql.row(f"select * from core.job where dossier = '{d.id}' and due_at is null")


def test_1_refused(w):
    """data that the database refuses: parked alone, twenty others of the same batch arrive"""
    w.sql.run("alter table core.content add constraint poison check (position('Poison' in convert_from(body, 'UTF8')) = 0) not valid")
    bad, good = send_around(w, "Nguyễn Poison")
    for d in good:
        d.wait(intake="registered")
    until(lambda: parked(w, bad), 60, lambda: f"not parked; {w.troubles()}")
    same(bad.row(), None, "a row")
    got["bad"] = bad


def test_2_visible(w):
    """it is counted, and listed with a reason"""
    same(w.lane("intake", LANE)["parked"], 1)
    listed = w.ctl_rows("parked", "list")
    same([r["dossier"] for r in listed], [got["bad"].id])
    check(listed[0]["reason"].startswith("data"), f"no reason: {listed[0]}")
    check("Poison" not in w.workers["intake"].log(True), "personal data in the log")


def test_3_lane_goes_on(w):
    """the lane goes on at full speed afterwards"""
    for d in w.submit_all(["birth-in-time"] * 30, partition=LANE):
        d.wait(casework="open")


def test_4_mended(w):
    """the cause removed and the job made due by an operator: registered with the time at which it came"""
    w.sql.run("alter table core.content drop constraint poison")
    operator = stack.Sql(w.conninfo + " user=dossier_operator")
    said = operator.run(f"update core.job set due_at = now() where dossier = '{got['bad'].id}' and due_at is null returning 1")
    check(said.strip() == "1", said)
    operator.close()
    got["bad"].wait(60, casework="open")
    same(w.lane("intake", LANE)["parked"], 0)


ASLEEP = "select count(*) from pg_stat_activity where usename = 'dossier_{}' and wait_event = 'PgSleep'"


def kill_until_parked(w, d, stage, most=8):
    """The worker is killed whenever it tries; how often until the job is parked."""
    kills = 0
    while kills < most:
        until(lambda: parked(w, d) or w.sql.value(ASLEEP.format(stage)), 60, lambda: f"neither parked nor tried; {w.troubles()}", 0.02)
        if parked(w, d):
            break
        kill_once(w, stage)
        kills += 1
    check(parked(w, d), "never parked")
    return kills


def kill_once(w, stage):
    w.workers[stage].kill()
    w.sql.run(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = 'dossier_{stage}'")
    w.wait_up(w.start_worker(stage))


def test_5_kills(w):
    """a message that kills its worker is parked at the third time; its neighbours arrive"""
    w.sql.run("""create function public.poison() returns trigger language plpgsql as $$
        begin if position('Killer' in convert_from(new.body, 'UTF8')) > 0 then perform pg_sleep(20); end if; return new; end $$""")
    w.sql.run("create trigger poison before insert on core.content for each row execute function public.poison()")
    bad, good = send_around(w, "Nguyễn Killer")
    same(kill_until_parked(w, bad, "intake"), 3, "kills until it was parked")
    for d in good:
        d.wait(60, intake="registered")
    check(parked(w, bad)["reason"].startswith("kills:"), parked(w, bad)["reason"])
    got["killer"] = bad


def test_6_appeal(w):
    """when its lane has been calm for long it is tried once more, alone; it kills again and stays parked"""
    until(lambda: w.sql.value(ASLEEP.format("intake")), 60, "never tried once more", 0.02)
    kill_once(w, "intake")
    until(lambda: (parked(w, got["killer"]) or {"reason": ""})["reason"].startswith("kills_again:"), 60,
          lambda: f"{parked(w, got['killer'])}; {w.troubles()}")
    listed = w.ctl_rows("parked", "list")
    same([r["dossier"] for r in listed], [got["killer"].id])
    same(w.sql.value("select count(*) from core.job where due_at is null and reason like 'kills:%'"), 0, "to be tried again")
    w.sql.run("drop trigger poison on core.content")
    w.sql.run(f"update core.job set due_at = now() where dossier = '{got['killer'].id}' and due_at is null")
    got["killer"].wait(60, casework="open")


def test_6_mistake(w):
    """three times by bad luck: tried once more it goes through, without any hand"""
    w.sql.run("create trigger poison before insert on core.content for each row execute function public.poison()")
    d = w.submit(named("Trần Killer"), partition=LANE)
    same(kill_until_parked(w, d, "intake"), 3, "kills until it was parked")
    w.sql.run("drop trigger poison on core.content")
    d.wait(60, casework="open")
    same(w.sql.value("select sum(parked) from core.lane"), 0, "parked")


def test_6_stored(w):
    """one that kills after it has waited for an answer is parked at the third time too"""
    bad = submission("birth-in-time")
    name = bad["components"][0]["files"][0]["uri"]
    w.rule(service="objects", match={"name": name}, do="slow", ms=600, times=1)
    id = w.new_id()
    w.sql.run(f"""create function public.late_poison() returns trigger language plpgsql as $$
        begin if new.verification <> old.verification then perform pg_sleep(20); end if; return new; end $$""")
    w.sql.run(f"create trigger late_poison before update on core.dossier for each row "
              f"when (new.id = '{stack.dossier_id('/portal/test', id)}') execute function public.late_poison()")
    d = w.submit(bad, id=id, partition=LANE)
    same(kill_until_parked(w, d, "verification"), 3, "kills until it was parked")
    w.sql.run("drop trigger late_poison on core.dossier")
    d.wait(60, casework="open")


PLACES = ["turn.received", "turn.locked", "turn.decided", "commit.sent", "turn.queued", "turn.over:2", "step.noted", "turn.decided"]


def test_6_innocent(w):
    """killed eight times in a row in the midst of work, by no message's fault: nothing is parked"""
    dossiers = []
    w.workers["intake"].kill()
    for n, place in enumerate(PLACES):
        dossiers += w.submit_all(["birth-in-time"] * 8)
        worker = w.start_worker("intake", env={"DOSSIER_KILL_POINT": place})
        worker.may_die = True
        until(lambda: not worker.is_alive(), 60, lambda: f"does not come to {place}")
        same(w.sql.value("select count(*) from core.job where due_at is null"), 0, f"parked after {place}")
    w.wait_up(w.start_worker("intake"))
    for d in dossiers:
        d.wait(60, casework="open")
    same(w.sql.value("select count(*) from core.job where due_at is null"), 0, "parked")


def test_6_set_apart(w):
    """what was being tried when a worker of any stage died is set apart, and then everything about it is as if it had not been"""
    for stage in ("verification", "fee", "tracking"):
        w.workers[stage].kill()
        dossiers = w.submit_all(["birth-in-time", "criminal-record-by-post", "marriage"] * 2)
        worker = w.start_worker(stage, env={"DOSSIER_KILL_POINT": "step.noted"})
        worker.may_die = True
        until(lambda: not worker.is_alive(), 60, f"{stage} tries nothing")
        w.wait_up(w.start_worker(stage))
        for d in dossiers:
            d.wait(60, casework="open")
        until(lambda: "reason=suspect" in w.workers[stage].log(), 30, f"{stage} has set nothing apart")
        w.quiet()


def test_7_later_stage(w):
    """refused at a later stage (fee): that dossier waits for an operator, the others of the batch go on"""
    w.sql.run('alter table fee."order" add constraint poison check (amount <> 100000) not valid')
    poor = w.submit("criminal-record-by-post", partition=LANE)
    others = w.submit_all([stack.submission("birth-late-exempt", exemption=None) for _ in range(10)], partition=LANE)
    for d in others:
        d.wait(60, fee="paid")
    until(lambda: parked(w, poor), 60, lambda: f"not parked; {w.troubles()}")
    same(poor.row()["fee"], "none")
    w.sql.run('alter table fee."order" drop constraint poison')
    w.sql.run(f"update core.job set due_at = now() where dossier = '{poor.id}' and due_at is null")
    poor.wait(60, fee="paid", casework="open")


stack.main(__file__, globals(), params={"*": {"appeal": "5s", "session.timeout": "3000"}}, allowed_errors=["batch_refused", "turn_failed", "end=parked", "claim_failed"])
