#!/usr/bin/env python3
"""0016 - what operators do: release, redrive, pause, ask what is broken, resend, look back; each shown first, recorded, and safe twice."""
import datetime
import hashlib
import json
import os
import re
import time

import stack
from stack import STAGES, as_json, check, headers, same, submission, until

LANE = 5
got = {}


# --- helpers -------------------------------------------------------------------------------------------------------------

def lp(data):
    return len(data).to_bytes(4, "big") + data


def packed(message):
    """A message as core.deadletter has it."""
    bytes_of = [lp(message["key"].encode()), len(message["headers"]).to_bytes(4, "big")]
    for name, value in message["headers"]:
        bytes_of += [lp(name.encode()), lp(value.encode())]
    return b"".join(bytes_of + [lp(message["value"].encode())])


def act(w, *command, why="because of the test", status=0):
    """A command that does something; its last line."""
    done = w.ctl(*command, "--yes", "--why", why, "--who", "tran.thi.truc", "-o", "json")
    check(done.returncode == status, f"{command}: {done.returncode} {done.stdout[-400:]} {done.stderr[-300:]}")
    return json.loads(done.stdout.splitlines()[-1])


def preview(w, *command):
    """What it would do: rows, and how many in all."""
    rows = w.ctl_rows(*command)
    return rows[:-1], rows[-1]["planned"]


def parked(w, d):
    return w.sql.row(f"select * from core.job where dossier = '{d.id}' and due_at is null")


def refuse(w, name):
    """From now on the database refuses contents with that name."""
    w.sql.run(f"alter table core.content add constraint refuse_{name.lower()} "
              f"check (position('{name}' in convert_from(body, 'UTF8')) = 0) not valid")


def allow(w, name):
    w.sql.run(f"alter table core.content drop constraint refuse_{name.lower()}")


def named(name):
    return submission("birth-in-time", applicant={"name": f"Nguyễn {name}"})


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def arrival(w, topic, place):
    """The broker's time of a message, in milliseconds."""
    return next(m["ts"] for m in w.read(topic) if (m["partition"], m["offset"]) == place)


def came_at(w, d):
    return int(instant(d.row()["received_at"]).timestamp() * 1000)


# --- parked release ---------------------------------------------------------------------------------------------------------

def test_11_preview(w):
    """parked release shows first: what would be done, by reason; nothing happens"""
    refuse(w, "Cam")
    bad = w.submit_all([named("Cam") for _ in range(6)], partition=LANE)
    behind = bad[0].request("withdrawal_requested", {"reason": "đổi ý"}, partition=LANE)
    for d in bad:
        until(lambda: parked(w, d), 60, lambda: f"not parked; {w.troubles()}")
    got.update(bad=bad, behind=behind)
    rows, planned = preview(w, "parked", "release", "--reason", "data", "--stage", "intake")
    same(([(r["stage"], r["reason"], r["count"]) for r in rows], planned), ([("intake", "data", 6)], 6), "preview")
    shown = w.ctl("parked", "release", "--all")
    check("6 would be released" in shown.stdout and "--yes --why" in shown.stdout, shown.stdout)
    for choice in (["--stage", "fee"], ["--reason", "other"], ["--lane", "1"], ["--until", "2026-01-01"],
                   ["--dossier", "01234567-89ab-8def-8123-456789abcdef"], ["--place", f"dossier.submissions/{LANE}/999999"]):
        same(preview(w, "parked", "release", *choice)[1], 0, choice)
    place = "/".join(map(str, ("dossier.submissions", *bad[2].place)))
    for choice in (["--since", "2026-01-01", "--lane", str(LANE)], ["--all"]):
        same(preview(w, "parked", "release", *choice)[1], 6, choice)
    for choice in (["--dossier", bad[2].id], ["--place", place]):
        same(preview(w, "parked", "release", *choice)[1], 1, choice)
    same(w.sql.value("select count(*) from core.operation"), 0, "operations")
    same(w.lane("intake", LANE)["parked"], 6)


def test_12_usage(w):
    """it wants to know which, and with --yes why"""
    for command, said in ((["--yes"], "--why"), ([], "say which"), (["--all", "--yes"], "--why"),
                          (["--all", "--yes", "--why", "  "], "--why"), (["--stage", "tax"], "no stage"),
                          (["--since", "yesterday"], "--since"), (["--place", "here"], "TOPIC/PARTITION/OFFSET")):
        done = w.ctl("parked", "release", *command)
        check(done.returncode == 2 and said in done.stderr, f"{command}: {done.returncode} {done.stderr}")
    done = w.ctl("parked", "release", "--dossier", "H55.242-000000-0000")
    check(done.returncode == 1 and "no dossier" in done.stderr, done.stderr)
    for command in ("parked release", "deadletter redrive", "pause", "resume", "operations list", "operations show",
                    "doctor", "journal resend", "timeline", "replay", "lanes"):
        done = w.ctl(*command.split(), "--help")
        check(done.returncode == 0 and "\nExamples\n  dossierctl " + command in done.stdout, f"{command}: {done.stdout[-200:]}")


def test_13_parked_again(w):
    """released while the cause stands: parked again, and said so"""
    said = act(w, "parked", "release", "--dossier", got["bad"][0].id, "--wait", "40", status=1)
    same((said["done"], said["again"], said["waiting"]), (1, 1, 0))
    same(w.lane("intake", LANE)["parked"], 6)


def test_14_released(w):
    """the cause mended: all are registered in the order in which they came, with the time at which they came; those behind follow"""
    allow(w, "Cam")
    begin = time.monotonic()
    said = act(w, "parked", "release", "--reason", "data", "--rate", "5", "--wait", "40", why="constraint removed, ticket 7")
    same((said["planned"], said["done"], said["again"], said["waiting"]), (6, 6, 0, 0))
    check(time.monotonic() - begin >= 1, "faster than five a second")
    bad = got["bad"]
    for d in bad[1:]:
        d.wait(60, casework="open")
    bad[0].wait(60, intake="withdrawn")
    for d in bad:
        same(came_at(w, d), arrival(w, "dossier.submissions", d.place), "time of arrival")
    numbers = [int(next(e for e in d.entries("intake") if e["type"].endswith("registered.v1"))["headers"]["ce_sequence"])
               for d in bad]
    same(numbers, sorted(numbers), "order")
    w.quiet()
    same(w.lane("intake", LANE)["parked"], 0)


def test_15_safe_twice(w):
    """a second run finds nothing to do"""
    same(preview(w, "parked", "release", "--all")[1], 0)
    done = w.ctl("parked", "release", "--all", "--yes", "--why", "again")
    same((done.returncode, done.stdout), (0, "nothing that is parked fits\n"))


def test_16_recorded(w):
    """who did what, when, why and to which is on record"""
    last = w.ctl_rows("operations", "list")[0]
    same((last["who"], last["what"], last["why"], last["planned"], last["done"], last["role"]),
         ("tran.thi.truc", "parked release", "constraint removed, ticket 7", 6, 6, "dossier_operator"))
    check("@" in last["account"] and last["ended_at"] and json.loads(last["arguments"])["reason"] == "data", last)
    items = w.ctl_rows("operations", "show", str(last["operation"]))
    same([i["dossier"] for i in items], [d.id for d in got["bad"]])
    same({(i["stage"], i["lane"], i["reason"].split(":")[0]) for i in items}, {("intake", LANE, "data")})


def test_17_killer(w):
    """released, and it kills its worker still, on a lane where nothing else is to be done: parked again, not for ever"""
    try:
        release_killer(w)
    finally:
        w.sql.run("drop trigger if exists poison on core.content")
    d = got["killer"]
    act(w, "parked", "release", "--reason", "kills", "--wait", "40")
    d.wait(60, casework="open")


def release_killer(w):
    w.sql.run("""create function public.poison() returns trigger language plpgsql as $$
        begin if position('Sat' in convert_from(new.body, 'UTF8')) > 0 then perform pg_sleep(20); end if; return new; end $$""")
    refuse(w, "Sat")
    d = w.submit(named("Sat"), partition=LANE)
    until(lambda: parked(w, d), 60, lambda: f"not parked; {w.troubles()}")
    allow(w, "Sat")
    w.quiet()
    w.sql.run("create trigger poison before insert on core.content for each row execute function public.poison()")
    act(w, "parked", "release", "--dossier", d.id, "--wait", "0", status=1)
    asleep = "select count(*) from pg_stat_activity where usename = 'dossier_intake' and wait_event = 'PgSleep'"
    kills = 0
    while kills < 8:
        until(lambda: parked(w, d) or w.sql.value(asleep), 60, lambda: f"neither parked nor tried; {w.troubles()}", 0.02)
        if parked(w, d):
            break
        w.workers["intake"].kill()
        w.sql.run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'dossier_intake'")
        kills += 1
        w.wait_up(w.start_worker("intake"))
    check(parked(w, d), "never parked")
    check(1 <= kills <= 3, f"parked after {kills} kills")       # a released one is tried alone
    got["killer"] = d


# --- deadletter redrive -------------------------------------------------------------------------------------------------------

def leave_dead(w, messages, lane=LANE):
    """What a worker leaves behind that could not read these: positions past them, dead letters, counters."""
    same(w.workers["intake"].end(), 0, "intake")
    before = {d: w.produce([m])[0] for d, m in enumerate(messages)}
    topics = ["dossier.submissions", "citizen.requests"]
    seen = {t: {(m["partition"], m["offset"]): m["ts"] for m in w.read(t)} for t in topics}
    for n, place in before.items():
        m = messages[n]
        data = packed(m)
        ts = seen[m["topic"]][place]
        w.sql.run(f"insert into core.deadletter (stage, topic, partition, \"offset\", at, reason, message, digest) values "
                  f"(0, '{m['topic']}', {place[0]}, {place[1]}, to_timestamp({ts} / 1000.0), 'envelope.type: of an earlier release', "
                  f"'\\x{data.hex()}', '\\x{hashlib.sha256(data).hexdigest()}')")
        # Read, so in time as well: a younger message before the position would be another topic's.
        k = topics.index(m["topic"]) + 1
        w.sql.run(f"update core.lane set next_offset[{k}] = {place[1] + 1}, read_to[{k}] = greatest(read_to[{k}], {ts * 1000}), "
                  f"taken = taken + 1, dead = dead + 1 where stage = 0 and lane = {place[0]}")
    w.wait_up(w.start_worker("intake"))
    w.wait_lanes("intake")
    return [before[n] for n in sorted(before)]


def dead(w, place, topic="dossier.submissions"):
    return w.sql.row(f"select * from core.deadletter where topic = '{topic}' and partition = {place[0]} and \"offset\" = {place[1]}")


def test_21_made_good(w):
    """a dead letter that can be read now: registered where it stood, with its time of arrival; the lane counts it once"""
    datas = [submission() for _ in range(3)]
    ids = [w.new_id() for _ in datas]
    messages = [w.message(d, id=i, partition=LANE) for d, i in zip(datas, ids)]
    subject = stack.dossier_id("/portal/test", ids[0])
    withdrawal = {"topic": "citizen.requests", "key": subject, "partition": LANE,
                  "headers": headers("vn.dossier.withdrawal_requested.v1", "/portal/test", ids[0] + "-w", subject),
                  "value": as_json({"reason": "đổi ý"})}
    places = leave_dead(w, [*messages, withdrawal])
    dossiers = [stack.Dossier(w, "/portal/test", i, d, p) for i, d, p in zip(ids, datas, places)]
    before = w.lane("intake", LANE)
    same(preview(w, "deadletter", "redrive", "--stage", "intake", "--reason", "envelope.type")[1], 4)
    same(preview(w, "deadletter", "redrive", "--dossier", dossiers[0].id)[1], 2, "of one dossier")
    same(preview(w, "deadletter", "redrive", "--place", f"dossier.submissions/{LANE}/{places[1][1]}")[1], 1, "of one place")
    said = act(w, "deadletter", "redrive", "--reason", "envelope.type", "--wait", "40", why="release 1.4 knows the type")
    same((said["planned"], said["done"], said["again"], said["waiting"]), (4, 4, 0, 0))
    dossiers[0].wait(60, intake="withdrawn")
    for d in dossiers[1:]:
        d.wait(60, casework="open")
    for d in dossiers:
        same(came_at(w, d), arrival(w, "dossier.submissions", d.place), "time of arrival")
        entry = next(e for e in d.entries("intake") if e["type"].endswith("registered.v1"))
        same(entry["headers"]["ce_cause"], f"dossier.submissions/{d.place[0]}/{d.place[1]}", "place")
    after = w.lane("intake", LANE)
    same((after["dead"], after["done"], after["taken"]), (before["dead"] - 4, before["done"] + 4, before["taken"]), "counters")
    rows = w.sql.rows("select redrive_at, redriven_at, redrives, message is not null as kept from core.deadletter")
    same([(r["redrive_at"], bool(r["redriven_at"]), r["redrives"], r["kept"]) for r in rows], [(None, True, 1, True)] * 4)
    got["redriven"] = dossiers


def test_22_redriven_twice(w):
    """again, there is nothing to do; taken ones are no dead letters any more"""
    versions = [d.row()["version"] for d in got["redriven"]]
    same(preview(w, "deadletter", "redrive", "--all")[1], 0)
    done = w.ctl("deadletter", "redrive", "--all", "--yes", "--why", "again")
    same((done.returncode, done.stdout), (0, "no dead letter fits\n"))
    same(w.ctl_rows("deadletter", "list"), [], "list")
    w.quiet()
    same([d.row()["version"] for d in got["redriven"]], versions)


def test_23_dead_as_before(w):
    """one that still cannot be read stands as before, its attempt counted, its neighbours taken"""
    place = w.produce([w.message(submission(), partition=LANE, type="vn.dossier.submitted.v9")])[0]
    until(lambda: dead(w, place), 30, "no dead letter")
    before = w.lane("intake", LANE)
    for n in (1, 2):
        said = act(w, "deadletter", "redrive", "--all", "--wait", "40", status=1)
        same((said["done"], said["again"], said["waiting"]), (1, 1, 0))
        row = dead(w, place)
        same((row["redrives"], row["redrive_at"], row["redriven_at"], row["announced"]), (n, None, None, True))
    same([w.lane("intake", LANE)[c] for c in ("taken", "dead", "done")], [before[c] for c in ("taken", "dead", "done")])
    same([(r["reason"].split(":")[0], r["redrives"]) for r in w.ctl_rows("deadletter", "list")], [("envelope.type", 2)])


def test_24_request_before_its_submission(w):
    """a request tried again at another lane before the submission that brings its dossier is not told that there is none"""
    id = w.new_id()
    subject = stack.dossier_id("/portal/test", id)
    request = {"topic": "citizen.requests", "key": subject, "partition": 1,
               "headers": headers("vn.dossier.withdrawal_requested.v1", "/portal/test", id + "-w", subject),
               "value": as_json({"reason": "đổi ý"})}
    data = submission()
    places = leave_dead(w, [w.message(data, id=id, partition=LANE), request])
    d = stack.Dossier(w, "/portal/test", id, data, places[0])
    # Marked by hand, so that the request is tried first and alone.
    w.sql.run(f"update core.deadletter set redrive_at = now() + interval '1 hour' where \"offset\" = {places[0][1]} "
              f"and topic = 'dossier.submissions' and partition = {LANE}")
    w.sql.run("create policy hide on core.deadletter using (current_user <> 'dossier_intake' or topic <> 'dossier.submissions')")
    w.sql.run("alter table core.deadletter enable row level security")
    act(w, "deadletter", "redrive", "--place", f"citizen.requests/1/{places[1][1]}", "--wait", "40")
    job = until(lambda: w.sql.row(f"select * from core.job where dossier = '{d.id}'"), 30, "the request waits nowhere")
    same(job["reason"], "unknown_dossier")
    w.sql.run("alter table core.deadletter disable row level security")
    d.wait(60, intake="withdrawn")
    same(d.events("intake"), ["registered", "withdrawn"])


def test_25_killed(w):
    """killed at any point of the turn that tries one again: taken once"""
    for point in ("turn.decided", "commit.sent", "commit.answered"):
        id = w.new_id()
        data = submission()
        place = leave_dead(w, [w.message(data, id=id, partition=LANE)])[0]
        d = stack.Dossier(w, "/portal/test", id, data, place)
        before = w.lane("intake", LANE)
        same(w.workers["intake"].end(), 0, "intake")
        doomed = w.start_worker("intake", name="intake-doomed", env={"DOSSIER_KILL_POINT": point})
        doomed.may_die = True
        act(w, "deadletter", "redrive", "--place", f"dossier.submissions/{LANE}/{place[1]}", "--wait", "0", status=1)
        until(lambda: not doomed.is_alive(), 40, lambda: f"{point}: lives on: {doomed.tail()}")
        w.wait_up(w.start_worker("intake"))
        d.wait(60, casework="open")
        same(d.events("intake"), ["registered"], point)
        after = w.lane("intake", LANE)
        same((after["dead"], after["done"]), (before["dead"] - 1, before["done"] + 1), point)
        same(dead(w, place)["redrives"], 1, point)


# --- pause and resume ---------------------------------------------------------------------------------------------------------

def turn(w, command, stage, why, status=0):
    done = w.ctl(command, stage, "--why", why, "--who", "tran.thi.truc", "-o", "json", "--wait", "20")
    check(done.returncode == status, f"{command} {stage}: {done.returncode} {done.stdout} {done.stderr}")
    return json.loads(done.stdout)


def progress(w, stage):
    """What moves when a stage works."""
    return w.sql.rows(f"select lane, next_offset, read_to, taken, handed_in, done, waiting, parked from core.lane "
                      f"where stage = {STAGES.index(stage)} order by lane")


def owing(w, **more):
    d = w.submit("birth-late-exempt", exemption=None, **more)
    d.wait(60, fee="owed")
    return d


def test_31_pause(w):
    """a paused stage takes nothing, though messages and timers wait; the others go on, and calls under way come back"""
    term = int(8 * stack.SLOW)
    same(w.workers["fee"].end(), 0, "fee")
    w.wait_up(w.start_worker("fee", **{"fee.term_ms": str(term * 1000), "effect.timeout": "9000"}))
    w.wait_lanes("fee")
    paid, unpaid = owing(w), owing(w)
    slow = w.new_id()
    w.rule(service="payment", op="init", match={"dossier": stack.dossier_id("/portal/test", slow)}, do="slow", ms=5000, times=1)
    flying = owing(w, id=slow)
    said = turn(w, "pause", "fee", "payment platform charges wrongly, ticket 8")
    same((said["changed"], said["lanes_owned"], said["lanes_agree"]), (True, w.lanes, w.lanes))
    before = progress(w, "fee")
    check("placed" not in flying.events("fee"), "the call was back before the pause")
    row = paid.order()
    paid.pay(row["order_id"], row["amount"])
    check(instant(stack.now_text()) < instant(row["expires_at"]), "this machine is too slow for this test; SLOW=3")
    crowd = w.submit_all(["birth-late-exempt"] * 40, exemption=None)
    for d in crowd:
        d.wait(60, lookup="answered")
    until(lambda: "placed" in flying.events("fee"), 30, "the call under way did not come back", 0.3)
    until(lambda: instant(stack.now_text()) > instant(unpaid.order()["expires_at"]) + datetime.timedelta(seconds=3), 3 * term + 60)
    for d in (paid, unpaid):
        same(d.row()["fee"], "owed", "a timer has fired")
    same({d.row()["fee"] for d in crowd}, {"none"}, "taken while paused")
    moved = [(b, a) for b, a in zip(before, progress(w, "fee")) if b != a and b["lane"] != flying.place[0]]
    same(moved, [], "lanes that moved")
    got.update(paid=paid, unpaid=unpaid, crowd=crowd, before=before)


def test_32_paused_lanes(w):
    """lanes say who has paused them and why; a second pause changes nothing; a worker that starts anew is paused too"""
    for lane in w.ctl_rows("lanes", "--stage", "fee"):
        same((lane["because"], lane["note"]), ("paused by tran.thi.truc: payment platform charges wrongly, ticket 8", "paused"))
        check(lane["owner"] and lane["paused_at"] and lane["epoch"] > 0 and lane["lag"] is not None, lane)
    same(turn(w, "pause", "fee", "again")["changed"], False)
    w.workers["fee"].kill()
    w.wait_up(w.start_worker("fee", **{"fee.term_ms": "8000"}))
    w.wait_lanes("fee")
    until(lambda: all(l["note"] == "paused" for l in w.ctl_rows("lanes", "--stage", "fee")), 40, "the new worker does not say so")
    same([(a["next_offset"], a["read_to"]) for a in progress(w, "fee") if a["lane"] != got["paid"].place[0]],
         [(b["next_offset"], b["read_to"]) for b in got["before"] if b["lane"] != got["paid"].place[0]], "moved after a restart")
    alive = w.lane("fee", LANE)["alive_at"]
    until(lambda: w.lane("fee", LANE)["alive_at"] > alive, 20, "it gives no sign of life")


def test_33_resume(w):
    """resumed: what was paid in time is paid, what was not expires, everything that waited is taken"""
    same(turn(w, "resume", "fee", "platform mended")["changed"], True)
    got["paid"].wait(60, fee="paid", casework="open")
    got["unpaid"].wait(60, fee="expired")
    for d in got["crowd"]:
        d.wait(60, fee=("owed", "expired"))
    same({l["because"] for l in w.ctl_rows("lanes", "--stage", "fee")}, {None})
    same([(o["what"], o["who"], o["done"]) for o in w.ctl_rows("operations", "list", "--limit", "3")],
         [("resume", "tran.thi.truc", 1), ("pause", "tran.thi.truc", 0), ("pause", "tran.thi.truc", 1)])


def test_34_intake_paused(w):
    """while intake is paused nobody is told that there is no such dossier: it may stand in what was not read"""
    turn(w, "pause", "intake", "test")
    id = w.new_id()
    submission_ = w.message(submission(), id=id, partition=LANE)
    d = stack.Dossier(w, "/portal/test", id, None, w.produce([submission_])[0])
    early = d.pay(d.id + ".F9", 8000, partition=LANE)
    none = stack.Dossier(w, "/portal/test", w.new_id(), None, (LANE, 0))
    never = none.pay(none.id + ".F9", 8000, partition=LANE)
    waits = f"select count(*) from core.job where stage = 3 and reason = 'unknown_dossier' and dossier in ('{d.id}', '{none.id}')"
    until(lambda: w.sql.value(waits) == 2, 30, "payments of unknown dossiers")
    since = w.sql.value("select extract(epoch from clock_timestamp())")
    until(lambda: w.sql.value("select extract(epoch from clock_timestamp())") > since + 4, 30)
    same(w.sql.value(waits), 2, "answered while intake was paused")
    turn(w, "resume", "intake", "test")
    d.wait(60, casework="open")
    d.wait_answer(early, answer="refused")
    none.wait_answer(never, answer="unknown")


# --- doctor and resend ----------------------------------------------------------------------------------------------------------

def doctor(w, *options):
    """(exit status, {finding: [rows]})"""
    done = w.ctl("doctor", "-o", "json", *options)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = {}
    for row in rows[:-1]:
        found.setdefault(row["finding"], []).append(row)
    same(rows[-1]["to_do"], sum(r["to_do"] for r in rows[:-1]), "to do")
    return done.returncode, found


def named_by(w, finding, seconds=45, **wanted):
    """The finding, once the doctor names it."""
    def look():
        status, found = doctor(w)
        return status == 1 and next((r for r in found.get(finding, []) if all(r[k] == v for k, v in wanted.items())), None)
    return until(look, seconds, lambda: f"no {finding} {wanted} in {doctor(w)}", step=0.5)


def advised(w, finding, why="as the doctor said", status=0):
    """Runs the command that the doctor names."""
    command = re.search(r"dossierctl ((?:parked release|journal resend|resume).*)", finding["do"]).group(1)
    words = re.sub(r" --why .*", "", command).replace("'", "").split()
    more = ["--yes"] if words[0] != "resume" and "--yes" not in words else []
    done = w.ctl(*words, *more, "--why", why, "--wait", "40")
    check(done.returncode == status, f"{words}: {done.returncode} {done.stdout} {done.stderr}")
    return done


def test_41_healthy(w):
    """a healthy world: exit 0, and dead letters that nobody must look at any more are only counted"""
    w.quiet()
    until(lambda: doctor(w)[0] == 1 and set(doctor(w)[1]) == {"dead_letters"}, 30, lambda: f"{doctor(w)}", step=0.5)
    row = doctor(w)[1]["dead_letters"][0]
    same((row["stage"], row["count"]), ("intake", 1))
    check("deadletter redrive --stage intake --reason envelope.type" in row["do"], row)
    status, found = doctor(w, "--recent", "0")
    same((status, set(found)), (0, {"dead_letters_old"}))
    check("healthy: 56 lanes" in w.ctl("doctor", "--recent", "0").stdout, "not healthy")


def test_42_parked(w):
    """a parked dossier is named with the command that releases it, and that command does"""
    refuse(w, "Mai")
    d = w.submit(named("Mai"), partition=LANE)
    until(lambda: parked(w, d), 60, lambda: f"not parked; {w.troubles()}")
    row = named_by(w, "parked", stage="intake")
    check(d.id in row["what"] and row["count"] == 1 and row["since"], row)
    allow(w, "Mai")
    advised(w, row)
    d.wait(60, casework="open")


def test_43_dependency(w):
    """a peer that does not answer is named, by what the lanes of its stage say; and no more when it does"""
    w.rule(service="population", do="fail")
    people = w.submit_all(["birth-in-time"] * 8)
    row = named_by(w, "peer_down", stage="lookup")
    check(row["what"].startswith("population does not answer lookup: status 503") and "lookup.population.url" in row["do"], row)
    check(all("down population" in l["because"] for l in w.ctl_rows("lanes", "--stage", "lookup")), "lanes")
    w.http("POST", "/behaviour", {"replace": True, "rules": [{"service": "payment", "do": "never"}]})
    for d in people:
        d.wait(90, casework="open")
    until(lambda: "peer_down" not in doctor(w)[1], 30, "still named", step=0.5)


def test_44_workers(w):
    """a stage without workers, a worker that was killed, a paused stage: named, with what to do"""
    same(w.workers["casework"].end(), 0)
    w.workers["dispatch"].kill()
    turn(w, "pause", "tracking", "gateway changes tonight")
    row = named_by(w, "no_owner", stage="casework")
    same(row["lanes"], list(range(w.lanes)))
    check("start dossier-casework" in row["do"], row)
    row = named_by(w, "stage_paused", stage="tracking")
    check("gateway changes tonight" in row["what"] and "tran.thi.truc" in row["what"], row)
    advised(w, row)
    row = named_by(w, "owner_silent", stage="dispatch", seconds=60)
    check(row["lanes"] == list(range(w.lanes)) and "start dossier-dispatch" in row["do"], row)
    for stage in ("casework", "dispatch"):
        w.wait_up(w.start_worker(stage))
        w.wait_lanes(stage)
    until(lambda: doctor(w, "--recent", "0")[0] == 0, 40, lambda: f"{doctor(w, '--recent', '0')}", step=0.5)


def test_45_servers(w):
    """without the broker or without the database it says so and goes on; without both it cannot look"""
    def ask(database, broker):
        done = w.ctl("doctor", "-o", "json", "--recent", "0", env={"TO_DATABASE": database, "TO_BROKER": broker})
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, {r["finding"] for r in rows[:-1]}, rows[-1]["lanes"]
    nowhere = ("host=/nonexistent dbname=dossier", "127.0.0.1:1")
    same(ask(w.conninfo, nowhere[1]), (1, {"broker_down", "dead_letters_old"}, 56))
    same(ask(nowhere[0], w.broker), (1, {"database_down"}, 0))
    same(ask(*nowhere), (2, {"database_down", "broker_down"}, 0))
    done = w.ctl("lanes", "--stage", "fee", env={"TO_BROKER": nowhere[1]})
    check(done.returncode == 0 and "broker was not asked" in done.stderr and len(done.stdout.splitlines()) == 9, done.stderr)


def test_46_unpublished(w):
    """a worker that died between commit and publishing, and cannot be started: its entries are sent by hand, and taken once"""
    same(w.workers["intake"].end(), 0)
    doomed = w.start_worker("intake", name="intake-doomed", env={"DOSSIER_KILL_POINT": "publish.block:2"})
    doomed.may_die = True
    ids = [w.new_id() for _ in range(2)]
    for id in ids:
        w.produce([w.message(submission(), id=id, partition=LANE)])
        until(lambda: not doomed.is_alive() or w.sql.row(f"select 1 from core.dossier where submission = '{id}'"), 40)
    until(lambda: not doomed.is_alive(), 40, "not killed")
    lane = w.lane("intake", LANE)
    check(lane["given"] > lane["acked"], lane)
    d = stack.Dossier(w, "/portal/test", ids[1], None, (LANE, 0))
    same(d.row()["verification"], "none")
    row = named_by(w, "unpublished", stage="intake", seconds=60)
    same(row["lanes"], [LANE])
    shown, planned = preview(w, "journal", "resend", "intake", str(LANE))
    check(planned >= 1 and {r["reader"] for r in shown} == {"verification", "casework", "dispatch", "tracking"}, shown)
    same(d.row()["verification"], "none", "sent by a preview")
    done = advised(w, row)
    check("all readers have them" in done.stdout, done.stdout)
    d.wait(60, casework="open")
    same(preview(w, "journal", "resend", "intake", str(LANE)), ([], 0), "safe twice")
    w.wait_up(w.start_worker("intake"))
    w.wait_lanes("intake")
    w.quiet()
    last = w.ctl_rows("operations", "list")[0]
    same((last["what"], last["planned"], last["done"]), ("journal resend", planned, planned))
    same(w.ctl_rows("operations", "show", str(last["operation"]))[0]["item"],
         f"{lane['given'] - planned + 1}-{lane['given']}")


def test_47_resend_all(w):
    """a whole journal again: every reader drops it"""
    given = w.lane("fee", LANE)["given"]
    readers = [(s, w.lane(s, LANE)["seen"], w.lane(s, LANE)["repeated"]) for s in ("casework", "dispatch", "tracking")]
    said = act(w, "journal", "resend", "fee", str(LANE), "--from", "1", "--wait", "40")
    same((said["planned"], said["done"]), (given, given))
    for stage, seen, repeated in readers:
        until(lambda: w.lane(stage, LANE)["repeated"] == repeated + given, 30, lambda: f"{stage}: {w.lane(stage, LANE)}")
        same(w.lane(stage, LANE)["seen"], seen, stage)
    for words, said in ((["fee", "99"], "no lane 99"), (["tax", "1"], "no stage"), (["fee", str(LANE), "--to", str(given + 1)], "has given")):
        done = w.ctl("journal", "resend", *words)
        check(done.returncode == 2 and said in done.stderr, f"{words}: {done.returncode} {done.stderr}")


# --- looking back --------------------------------------------------------------------------------------------------------------

def test_51_at_a_moment(w):
    """timeline --at: the dossier, its orders and parcels as they stood after each of its steps; before the first there is none"""
    d = w.submit("birth-late-exempt", exemption=None)
    d.wait(60, fee="owed")
    order = d.order()
    until(lambda: "placed" in d.events("fee"), 30)
    d.pay(order["order_id"], order["amount"])
    d.wait(60, casework="open")
    w.quiet()
    steps = w.ctl_rows("timeline", d.id)
    now = json.loads(w.ctl("show", d.id, "-o", "json").stdout)
    fee = {}
    for n, step in enumerate(steps):
        # A step has the instant at which its turn began, which may be before that of the step that was committed before it:
        # then the moment belongs to an earlier state, or to a later one.
        if any(instant(s["at"]) <= instant(step["at"]) for s in steps[n + 1:]) or \
                any(instant(s["at"]) > instant(step["at"]) for s in steps[:n]):
            continue
        then = json.loads(w.ctl("timeline", d.id, "--at", step["at"], "-o", "json").stdout)
        same(then["version"], step["version"], f"after {step['event']}")
        if step["stage"] == "fee":
            fee[step["event"]] = (then["fee"], [o["state"] for o in then["orders"]])
    same({k: fee[k] for k in ("ordered", "paid")}, {"ordered": ("owed", ["ordered"]), "paid": ("paid", ["paid"])})
    last = json.loads(w.ctl("timeline", d.id, "--at", stack.now_text(60), "-o", "json").stdout)
    same({**last, "jobs": None}, {**now, "jobs": None}, "now")
    done = w.ctl("timeline", d.id, "--at", "2020-01-01")
    check(done.returncode == 1 and "not there yet" in done.stderr, done.stderr)
    same(w.ctl("timeline", d.id, "--at", "soon").returncode, 2)
    shown = w.ctl("timeline", d.id, "--at", steps[0]["at"]).stdout
    check(shown.startswith("As of ") and f"version 1 of {len(steps)}; the next step, " in shown, shown[:200])
    got.update(back=d, steps=steps)


def replay_part(w, *options):
    """(exit status, differences, last line)"""
    done = w.ctl("replay", *options, "-o", "json", "--wait", "2")
    check(done.returncode in (0, 1), f"{options}: {done.returncode} {done.stderr}")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    same(rows[-1]["differences"], len(rows) - 1, "differences")
    return done.returncode, rows[:-1], rows[-1]


def test_52_replay_of_one(w):
    """replay --dossier: every entry in the topics, row and order folded and compared; a range of versions says what it left out"""
    d, steps = got["back"], got["steps"]
    status, wrong, end = replay_part(w, "--dossier", d.row()["code"])
    same((status, wrong, end["entries"], end["versions"], end["rows"]), (0, [], len(steps), len(steps), 2))
    status, wrong, end = replay_part(w, "--dossier", d.id, "--from", "2", "--to", "3")
    same((status, wrong, end["entries"], end["versions"]), (0, [], 2, len(steps)))
    check(f"{len(steps) - 2} versions outside the range" in end["not_checked"], end)
    end = replay_part(w, "--dossier", d.id, "--from", steps[1]["at"])[2]
    check(0 < end["entries"] <= len(steps), end)
    shown = w.ctl("replay", "--dossier", d.id).stdout
    check(shown.startswith("equal: ") and "\nchecked: " in shown and "\nnot checked: " in shown, shown)


def test_53_replay_of_a_span(w):
    """replay of a span of time, of numbers of one journal: all entries in the topics, and the trails of their dossiers"""
    d, steps = got["back"], got["steps"]
    status, wrong, end = replay_part(w, "--from", steps[0]["at"], "--to", steps[-1]["at"])
    same((status, wrong), (0, []))
    check(end["entries"] >= len(steps) - 1 and end["dossiers"] >= 1, end)
    all = w.sql.value("select sum(given) from core.lane")
    same(replay_part(w, "--from", "2020-01-01")[2]["entries"], all, "all of it")
    given = w.lane("tracking", d.place[0])["given"]
    same(replay_part(w, "--stage", "tracking", "--home", str(d.place[0]))[2]["entries"], given)
    same(replay_part(w, "--stage", "tracking", "--home", str(d.place[0]), "--from", "2", "--to", "2")[2]["entries"], 1)
    for words, said in ((["--from", "2"], "--stage and --home"), (["--from", "soon"], "--from"), (["--stage", "tax"], "no stage"),
                        (["--from", "2", "--to", "2026-01-01"], "both"), (["--dossier", d.id, "--home", "1"], "--dossier says"),
                        (["--dossier", d.id, "--heads"], "--heads")):
        done = w.ctl("replay", *words)
        check(done.returncode == 2 and said in done.stderr, f"{words}: {done.returncode} {done.stderr}")
    same(w.ctl("replay", "--dossier", "H55.242-000000-0000").returncode, 1)


def test_54_replay_finds(w):
    """and they find what was changed by hand: a value, an order, a trail, an entry"""
    d, steps = got["back"], got["steps"]
    last = next(s for s in reversed(steps) if s["stage"] == "fee")

    def forged(change, back, *options):
        w.sql.run(change)
        try:
            return replay_part(w, *options)
        finally:
            w.sql.run(back)

    def one(column, table, where, value):
        return (f"update {table} set {column} = {value} where {where}",
                f"update {table} set {column} = (select {column} from kept) where {where}")
    w.sql.run(f"create temp table kept as select d.amount, d.trail, o.state from core.dossier d join fee.order o on o.dossier = d.id "
              f"where d.id = '{d.id}'")
    status, wrong, _ = forged(*one("amount", "core.dossier", f"id = '{d.id}'", "1"), "--dossier", d.id)
    same((status, [(r["table"], r["column"], r["database"]) for r in wrong]), (1, [("core.dossier", "amount", 1)]))
    status, wrong, _ = forged(*one("state", "fee.order", f"dossier = '{d.id}'", "'placed'"), "--dossier", d.id)
    same((status, [(r["table"], r["column"]) for r in wrong]), (1, [("fee.order", "state")]))
    trail = one("trail", "core.dossier", f"id = '{d.id}'", "set_byte(trail, 17, (get_byte(trail, 17) + 1) % 256)")
    status, wrong, _ = forged(*trail, "--from", steps[0]["at"], "--to", steps[-1]["at"])
    same((status, [(r["key"], r["column"]) for r in wrong]), (1, [(d.id, "trail")]))
    same(forged(*trail, "--dossier", d.id)[0], 1, "trail")
    block = f"stage = 3 and lane = {d.place[0]} and first <= {last['number']} and last >= {last['number']}"
    w.sql.run(f"create temp table kept_block as select entries from core.journal where {block}")
    status, wrong, _ = forged(f"update core.journal set entries = set_byte(entries, length(entries) - 3, "
                              f"get_byte(entries, length(entries) - 3) # 1) where {block}",
                              f"update core.journal set entries = (select entries from kept_block) where {block}",
                              "--stage", "fee", "--home", str(d.place[0]))
    check(status == 1 and wrong and wrong[0]["table"] == "dossier.fee", wrong)
    same(replay_part(w, "--dossier", d.id)[0], 0, "put back")


stack.main(__file__, globals(), allowed_errors=["batch_refused", "turn_failed", "end=parked", "claim_failed", "end=dead"],
           behaviour={"rules": [{"service": "payment", "do": "never"}]})
