#!/usr/bin/env python3
"""0006 - all seven workers are killed in the middle of 200 dossiers, twice, and started again: everything ends, nothing is doubled."""
import stack
from stack import STAGES, check, same, submission, until

MANY = 200
TEMPLATES = [("birth-in-time", {}), ("birth-late-exempt", {"exemption": None}), ("criminal-record-by-post", {}),
             ("marriage", {}), ("birth-missing-component", {}), ("identity-card", {}), ("enterprise-address", {})]
all = []


def under_way(w, low, high):
    """That many have reached their end."""
    n = w.sql.value("select count(*) from core.dossier where dispatch in (1, 3, 9, 10, 11)")
    return low <= n <= high


def kill_all(w):
    for name in STAGES:
        w.workers[name].kill()


def start_all(w):
    for name in STAGES:
        w.wait_up(w.start_worker(name))


def test_1_submit(w):
    """200 dossiers are submitted, everybody works"""
    all.extend(w.submit_all([submission(t, **changes) for t, changes in (TEMPLATES[n % len(TEMPLATES)] for n in range(MANY))]))
    until(lambda: w.sql.value("select count(*) from core.dossier where casework > 0") > MANY // 10, 60, w.troubles)


def test_2_kill(w):
    """killed in the middle"""
    kill_all(w)
    check(under_way(w, 0, MANY - 20), "it was too late: most are through")
    check(w.sql.value("select count(*) from core.lane where owner is not null") == 56, "lanes were given back?")


def test_3_again(w):
    """started again, and killed again while they recover"""
    start_all(w)
    until(lambda: under_way(w, MANY // 4, MANY), 90, w.troubles)
    kill_all(w)
    start_all(w)


def test_4_all_end(w):
    """all of them end"""
    ended = "select count(*) from core.dossier where casework = 5 and dispatch in (1, 3, 10)"
    until(lambda: w.sql.value(ended) == MANY, 150, lambda: f"{w.sql.value(ended)} of {MANY}: " + stack.short(w.sql.rows(
        "select fee, casework, dispatch, count(*) from core.dossier_list where dispatch not in ('released', 'handed_over', "
        "'delivered') group by 1, 2, 3")) + w.troubles())
    w.quiet(120)


def test_5_ledgers(w):
    """one order, one payment, one parcel, one message a key; nobody was charged or told twice"""
    for service, op in (("payment", "init"), ("postal", "order"), ("sms", "send"), ("email", "send")):
        done = [l["key"] for l in w.ledger(service, op=op) if l["outcome"] in ("accepted", "sent")]
        twice = sorted({k for k in done if done.count(k) > 1})
        same(twice, [], f"{service}: done twice")
    paid = [l["key"] for l in w.ledger("payment", op="pay")]
    same(len(paid), len(set(paid)), "paid twice")
    orders = w.sql.rows('select dossier from fee."order"')
    same(len(orders), len({o["dossier"] for o in orders}), "orders of a dossier")
    parcels = w.sql.rows("select dossier from dispatch.parcel")
    same(len(parcels), len({p["dossier"] for p in parcels}), "parcels of a dossier")


def test_6_status(w):
    """the newest status of every dossier is that of its row"""
    def differing():
        newest = {}
        for e in w.read("dossier.status"):
            if ":" not in e["key"] and e["data"]["version"] >= newest.get(e["key"], {"version": 0})["version"]:
                newest[e["key"]] = e["data"]
        return [d.id for d in all if newest.get(d.id, {}).get("state") != 10]
    until(lambda: not differing(), 60, lambda: f"not told: {differing()[:5]}", step=1)


def test_7_codes(w):
    """codes are unique, homes are where the submissions arrived"""
    row = w.sql.row("select count(*) as n, count(distinct code) as codes from core.dossier")
    same(row, {"n": MANY, "codes": MANY})
    homes = {r["id"]: r["home"] for r in w.sql.rows("select id, home from core.dossier")}
    same([d.id for d in all if homes[d.id] != d.place[0]], [], "homes")


def test_8_crashes_left_no_trace(w):
    """unclean ends were noticed, and are over"""
    same(w.sql.value("select count(*) from core.job where due_at is null"), 0, "parked")
    same(w.sql.value("select count(*) from core.deadletter"), 0, "dead letters")


stack.main(__file__, globals(), simulators=["--officer", "--citizen", "--intake"],
           allowed_errors=["claim_failed", "turn_failed"])
