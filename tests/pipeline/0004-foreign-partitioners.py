#!/usr/bin/env python3
"""0004 - producers outside choose any key and any partitioner: what arrives elsewhere reaches its home, in order."""
import random

import stack
from stack import JOURNALS, STAGES, check, same

MANY = 40
chance = random.Random(4)
all = []


def elsewhere(d):
    return chance.choice([p for p in range(stack.LANES) if p != d.place[0]])


def test_open(w):
    """dossiers of all homes are opened"""
    all.extend(w.submit_all(["birth-in-time"] * MANY))
    for d in all:
        d.wait(casework="open")
    check(len({d.place[0] for d in all}) > 4, "homes")


def test_actions_in_order(w):
    """accept, assign, decide: sent at once to one foreign partition with any key, they act in this order at home"""
    messages = []
    for d in all:
        partition = elsewhere(d)
        for kind, more in (("accept", {}), ("assign", {"unit": "Tư pháp"}), ("decide", {"result": "granted"})):
            messages.append({"topic": "agency.actions", "partition": partition, "key": f"any-{chance.random()}",
                             "headers": stack.headers(f"vn.dossier.action.{kind}.v1", "/agency/H55.242",
                                                      f"{kind}-{d.ce_id}", d.id),
                             "value": stack.as_json({**stack.OFFICER, **more})})
    w.produce(messages)
    for d in all:
        d.wait(casework="decided", dispatch="released")
    w.quiet()
    entries = {d.id: [] for d in all}
    for e in w.read("dossier.casework"):
        entries[e["key"]].append(e["type"].split(".")[-2])
    for d in all:
        same(entries[d.id], ["opened", "accepted", "assigned", "decided"], d.id)


def test_handed_over(w):
    """they were handed over from lane to lane, and every one arrived"""
    row = w.sql.row("select sum(handed_out) as handed_out, sum(handed_in) as handed_in from core.lane where stage = 4")
    same(row["handed_out"], 3 * MANY)
    same(row["handed_in"], 3 * MANY)


def test_homes(w):
    """every event of a dossier stands in the partition of its home, in every journal"""
    homes = {d.id: d.place[0] for d in all}
    for stage in STAGES:
        wrong = [(e["key"], e["partition"]) for e in w.read(JOURNALS[stage])
                 if e["partition"] != homes[e["key"]] or int(e["headers"]["ce_home"]) != homes[e["key"]]]
        same(wrong, [], JOURNALS[stage])


def test_payments(w):
    """payments that the platform reports anywhere are matched at home"""
    owing = w.submit_all([stack.submission("birth-late-exempt", exemption=None) for _ in range(10)])
    for d in owing:
        row = d.wait(fee="owed")
        d.pay(d.row()["fee_order"], row["amount"], partition=elsewhere(d), key="bank")
    for d in owing:
        d.wait(fee="paid", casework="open")


def test_requests(w):
    """requests on foreign partitions: a supplement, a change of delivery and a withdrawal, in this order"""
    d = w.submit("birth-in-time")
    d.wait(casework="open")
    far = elsewhere(d)
    d.request("delivery_change_requested", {"delivery": {"method": "counter"}}, partition=far, key="x")
    d.request("withdrawal_requested", partition=far, key="y")
    d.wait(casework="withdrawn", delivery="counter")
    same(d.events("intake"), ["registered", "delivery_changed", "withdrawn"])


def set_apart(w, due):
    """Hand-overs of messages with these ids come due then."""
    rules = " ".join(f"if new.kind = 3 and position('{id}'::bytea in new.message) > 0 then new.due_at := {at}; end if;" for id, at in due.items())
    w.sql.run(f"create function public.set_apart() returns trigger language plpgsql as $$ begin {rules} return new; end $$; "
              "create trigger set_apart before insert on core.job for each row execute function public.set_apart()")


def test_none_overtakes(w):
    """what is handed over and set apart for a moment is not overtaken by what was handed over after it"""
    d = w.submit("birth-in-time")
    d.wait(casework="open")
    d.act("accept")
    d.wait(casework="accepted")
    set_apart(w, {"apart-first": "now() + interval '2 s'"})
    far = elsewhere(d)
    d.act("assign", unit="Tư pháp", partition=far, id="apart-first")
    stack.until(lambda: w.sql.value(f"select count(*) from core.job where dossier = '{d.id}' and kind = 3"), why="not handed over")
    d.act("decide", result="granted", partition=far, id="apart-second")
    d.wait(casework="decided")
    w.sql.run("drop trigger set_apart on core.job; drop function public.set_apart()")
    same(d.events("casework"), ["opened", "accepted", "assigned", "decided"])


def test_none_overtakes_one_that_waits(w):
    """one that is held back by the one before it is not overtaken by a third that comes due with the first"""
    d = w.submit("birth-in-time")
    d.wait(casework="open")
    d.act("accept")
    d.wait(casework="accepted")
    set_apart(w, {"apart-first": "now() + interval '3 s'",
                  "apart-third": "(select due_at from core.job where dossier = new.dossier and kind = 3 order by ord limit 1)"})
    far = elsewhere(d)
    for n, (action, more) in enumerate((("assign", {"unit": "Tư pháp", "id": "apart-first"}), ("assign", {"unit": "Hộ tịch", "id": "apart-second"}),
                                        ("decide", {"result": "granted", "id": "apart-third"}))):
        d.act(action, partition=far, **more)
        stack.until(lambda: w.sql.value(f"select count(*) from core.job where dossier = '{d.id}' and kind = 3") == n + 1, why="not handed over")
    d.wait(casework="decided")
    w.sql.run("drop trigger set_apart on core.job; drop function public.set_apart()")
    same(d.events("casework"), ["opened", "accepted", "assigned", "action_refused", "decided"])


stack.main(__file__, globals(), behaviour={"rules": [{"service": "payment", "do": "never"}]})
