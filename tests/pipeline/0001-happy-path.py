#!/usr/bin/env python3
"""0001 - one dossier of each procedure from the portal to the applicant's hands, with a scripted officer, bank, post and citizen."""
import stack
from stack import STAGES, check, component, same, submission

# What is submitted, and how it ends: state of fee, casework and dispatch, and the national status.
ROADS = {
    "birth, in time, free": ("birth-in-time", {}, "waived", "decided", "released", 10),
    "birth, late, pays": ("birth-late-exempt", {"exemption": None}, "paid", "decided", "delivered", 10),
    "birth, late, exempt": ("birth-late-exempt", {}, "waived", "decided", "delivered", 10),
    "birth, a component is missing": ("birth-missing-component", {}, "waived", "decided", "handed_over", 10),
    "marriage": ("marriage", {}, "waived", "decided", "handed_over", 10),
    "certified copy at the counter": ("certified-copy-at-the-counter", {}, "paid", "decided", "handed_over", 10),
    "criminal record by post": ("criminal-record-by-post", {}, "paid", "decided", "delivered", 10),
    "permanent residence": ("permanent-residence", {}, ("paid", "waived"), "decided", None, 10),
    "enterprise": ("enterprise-address", {}, "paid", "decided", None, 10),
    "household business": ("household-business", {}, None, "decided", None, 10),
    "karaoke": ("household-karaoke", {}, "paid", "decided", None, 10),
    "identity card by post": ("identity-card", {}, "waived", "decided", "delivered", 10),
}
sent = {}


def test_submit(w):
    """every procedure is registered and gets a code of its agency"""
    for name, (template, changes, *_) in ROADS.items():
        sent[name] = w.submit(template, **changes)
    codes = {name: d.wait(intake="registered")["code"] for name, d in sent.items()}
    check(all(codes.values()) and len(set(codes.values())) == len(codes), f"codes: {codes}")


def end_of(name):
    def test(w):
        _, _, fee, casework, dispatch, state = ROADS[name]
        d = sent[name]
        wanted = {"casework": casework}
        wanted["dispatch"] = dispatch or ("released", "handed_over", "delivered")
        if fee:
            wanted["fee"] = fee
        row = d.wait(60, **wanted)
        same(row["result"], "granted")
        status = d.wait_status(state=state)
        same((status["code"], status["procedure"]), (row["code"], d.data["procedure"]))
    test.__doc__ = f"{name}: to the end"
    return test


for i, road in enumerate(ROADS):
    globals()[f"test_end_{i:02d}"] = end_of(road)


def test_trail(w):
    """journals: every version of a dossier stands in exactly one journal, at home"""
    w.quiet()
    seen = {d.id: [] for d in sent.values()}
    for stage in STAGES:
        for e in w.read(stack.JOURNALS[stage]):
            if e["headers"].get("ce_answer") is None:
                seen[e["key"]].append((int(e["headers"]["ce_version"]), e["partition"], int(e["headers"]["ce_home"])))
    for d in sent.values():
        row = d.row()
        same(sorted(v for v, _, _ in seen[d.id]), list(range(1, row["version"] + 1)), f"versions of {d.id}")
        same({(p, h) for _, p, h in seen[d.id]}, {(row["home"], row["home"])}, f"home of {d.id}")
        same((row["home"], row["steps"]), (d.place[0], row["version"]), "home and trail")


def test_ledgers(w):
    """ledgers: one order, one payment, one parcel, one message a key"""
    for service, op in (("payment", "init"), ("postal", "order"), ("sms", "send")):
        keys = [l["key"] for l in w.ledger(service, op=op) if l.get("kind") != "event"]
        check(keys, f"nothing in the ledger of {service}")
        same(sorted(keys), sorted(set(keys)), f"{service}: once a key")
    paid = [l["key"] for l in w.ledger("payment", op="pay")]
    owed = [r["order_id"] for r in w.sql.rows('select order_id from fee."order" where state = \'paid\'')]
    same(sorted(paid), sorted(owed), "paid there and here")
    parcels = [r["parcel_id"] for r in w.sql.rows("select parcel_id from dispatch.parcel")]
    same(sorted(l["key"] for l in w.ledger("postal", op="order")), sorted(parcels), "parcels there and here")


def test_notices(w):
    """notices: each that was ordered was sent, in the applicant's language"""
    w.quiet()
    for d in sent.values():
        events = d.events("tracking")
        check("notice_ordered" in events, f"{d.id}: nobody was told anything")
        same(events.count("notice_sent"), events.count("notice_ordered"), f"{d.id}: notices")


def test_evidence(w):
    """lookup: evidence of every question, with purpose and legal basis"""
    asked = w.sql.rows("select dossier, outcome from lookup.evidence where purpose <> '' and legal_basis <> ''")
    have = {r["dossier"] for r in asked}
    for name, d in sent.items():
        procedure = stack.json.load(open(f"schemas/catalogue/procedures/{d.data['procedure']}.json"))
        registries = {l["registry"] for l in procedure["lookups"]}
        if "population" in registries or "enterprise" in registries and d.data["applicant"]["kind"] == "business":
            check(d.id in have, f"{name}: no evidence")


def test_privacy(w):
    """no name, number or telephone in journals, status, dead letters or logs"""
    secrets = {v for d in sent.values() for v in (d.data["applicant"]["name"], d.data["applicant"]["number"],
                                                  d.data["applicant"]["phone"])}
    for topic in [*stack.JOURNALS.values(), "dossier.status", "dossier.deadletter"]:
        text = stack.as_json([[e["payload"], e["headers"], e["key"]] for e in w.read(topic)])
        same([s for s in secrets if s in text], [], f"on {topic}")
    for p in w.workers.values():
        same([s for s in secrets if s in p.log(True)], [], f"in the log of {p.name}")


def test_tool(w):
    """dossierctl: list, show and timeline know each of them"""
    listed = {r["id"]: r for r in w.ctl_rows("list", "--limit", "100")}
    for d in sent.values():
        check(d.id in listed, f"{d.id} is not listed")
    one = sent["criminal record by post"]
    code = one.row()["code"]
    for command in ("show", "timeline", "casefile"):
        done = w.ctl(command, code)
        same(done.returncode, 0, f"dossierctl {command}: {done.stderr}")
    steps = w.ctl_rows("timeline", code)
    same(len(steps), one.row()["version"], "steps of the timeline")


stack.main(__file__, globals(), simulators=["--officer", "--citizen", "--intake", "--home"])
