"""verify_effects - what happened outside, three ways: the ledgers of those who did it, our rows, our journals (promise 7)."""
import collections

from verify_format import parse, text, unpack
from verify_rule import rule
from verify_states import STAGES

DONE = {"accepted", "forgotten"}        # "forgotten": the peer says yes and keeps nothing, as it was told to misbehave


def first_of(w, stage, kind, name):
    """{fact: event} of one kind of event, and what came twice."""
    found, twice = {}, []
    for e in w.events:
        if e.stage == stage and e.kind == kind and not e.answer:
            if found.setdefault(e.data.get(name), e) is not e:
                twice.append((found[e.data.get(name)], e))
    return found, twice


def of_kind(w, stage, *kinds):
    return [e for e in w.events if e.stage == stage and e.kind in kinds and not e.answer]


def accepted(w, service, op):
    """{key: [line]} of what the peer has done."""
    found = collections.defaultdict(list)
    for line in w.ledger(service, op=op):
        if line.get("outcome") in DONE:
            found[line.get("key")].append(line)
    return found


def done_twice(say, what, found):
    for key, lines in found.items():
        kept = [l for l in lines if l["outcome"] != "forgotten"]
        if len(kept) > 1:
            say.wrong(f"{key}: {what} {len(kept)} times: {', '.join(l['time'] for l in kept)}")


def conflicts(w, say, service, op):
    for line in w.ledger(service, op=op, outcome="conflict"):
        say.wrong(f"{line['key']}: {op} told again with another content")


def torn(w, say, *services):
    for service in services:
        for line in w.ledger(service):
            if "torn" in line:
                say.wrong(f"ledger of {service}: a line that is no JSON: {line['torn']}")


# --- money ---------------------------------------------------------------------------------------------------------------

@rule("fees-once", "no fee is charged twice: one order a dossier at the platform, in the journal and in fee.order, of one amount [7]")
def fees_once(w, say):
    torn(w, say, "payment")
    told, (given, twice) = accepted(w, "payment", "init"), first_of(w, 3, "ordered", "order")
    say.count(orders=len(given), placed=len(told))
    done_twice(say, "ordered at the platform", told)
    conflicts(w, say, "payment", "init")
    for one, other in twice:
        say.wrong(f"order {one.data.get('order')} was given by {one} and {other}")
    one_each(say, "orders", {e.data.get("order"): e.dossier for e in given.values()})
    one_each(say, "orders at the platform", {key: lines[0].get("dossier") for key, lines in told.items()})
    for key, lines in told.items():
        e, row = given.get(key), w.orders.get(key)
        if e is None or row is None:
            say.wrong(f"{key}: at the platform, {'no event fee.ordered' if e is None else e}, {'no row' if row is None else 'a row'}")
            continue
        amounts = {lines[0].get("amount"), e.data.get("amount"), row["amount"]}
        if len(amounts) != 1 or lines[0].get("dossier") != e.dossier:
            say.wrong(f"{key}: amount {lines[0].get('amount')} at the platform, {e.data.get('amount')} ordered by {e}, "
                      f"{row['amount']} in fee.order")
    for e in given.values():
        if e.data.get("amount") != (e.data.get("phi") or 0) + (e.data.get("le_phi") or 0):
            say.wrong(f"{e} of {e.dossier}: {e.data.get('phi')} and {e.data.get('le_phi')} make {e.data.get('amount')}")


def one_each(say, what, owners):
    """{thing: dossier}: no dossier has two."""
    found = {}
    for thing, dossier in owners.items():
        if found.setdefault(dossier, thing) != thing:
            say.wrong(f"{dossier} has two {what}: {found[dossier]}, {thing}")


def payments(w):
    """Proven payments: messages on payment.results of the right amount for an order of ours, {order: [message]}."""
    found = collections.defaultdict(list)
    for m in w.messages.values():
        if m.topic != "payment.results" or m.fault is not None or not isinstance(m.data, dict):
            continue
        row = w.orders.get(m.data.get("order"))
        if row and row["dossier"] == m.dossier and m.data.get("outcome") == "paid" and m.data.get("currency") == "VND" and \
                m.data.get("amount") == row["amount"] and isinstance(m.data.get("transaction"), str):
            found[row["order_id"]].append(m)
    return found


@rule("fees-none-lost", "what was paid counts or is given back: platform, payment.results, journal and fee.order agree [7]")
def fees_lost(w, say):
    proven, told = payments(w), accepted(w, "payment", "init")
    for key, lines in proven.items():
        say.count(paid_orders=1)
        row = w.orders[key]
        ended = [m for m in lines if w.by_cause.get((3, m.place))]
        if ended and row["state"] not in ("paid", "refunding", "refunded"):
            say.wrong(f"{key}: paid ({ended[0].place}), and fee.order says {row['state']}")
        elif ended and row["transaction_id"] not in {m.data["transaction"] for m in lines}:
            say.wrong(f"{key}: fee.order has transaction {row['transaction_id']}, paid by {[m.data['transaction'] for m in lines][:3]}")
    for row in w.orders.values():
        say.count(orders=1)
        if row["state"] in ("paid", "refunding", "refunded") and row["order_id"] not in proven:
            if not any(p.low > 0 for p in w.seen.topics["payment.results"]):
                say.wrong(f"{row['order_id']}: fee.order says {row['state']}, and nobody said that it was paid")
        if row["state"] != "ordered" and row["order_id"] not in told:
            placed = any(e.kind == "placed" and e.data.get("order") == row["order_id"] for e in w.by_dossier.get(row["dossier"], []))
            if placed:
                say.wrong(f"{row['order_id']}: placed by the journal, and the platform knows nothing of it")
    on_topic = {(m.data.get("order"), m.data.get("transaction")) for m in w.messages.values()
                if m.topic == "payment.results" and isinstance(m.data, dict)}
    for line in w.ledger("payment", op="pay", outcome="paid"):
        say.count(paid_at_the_platform=1)
        if (line["key"], line.get("transaction")) not in on_topic and w.ledger("bridge") and \
                not any(p.low > 0 for p in w.seen.topics["payment.results"]):
            say.wrong(f"{line['key']}: paid by {line.get('transaction')} at the platform, and not on payment.results")
    paid_events(w, say)


def paid_events(w, say):
    orders, transactions = {}, {}
    for e in of_kind(w, 3, "paid", "refund_ordered"):
        m = w.messages.get(e.cause)
        if m is not None and isinstance(m.data, dict):
            bad = [n for n in ("order", "amount", "transaction") if m.data.get(n) != e.data.get(n)]
            if bad or m.data.get("outcome") != "paid":
                say.wrong(f"{e} of {e.dossier}: {m.place} says {', '.join(f'{n} {m.data.get(n)}' for n in bad)} {m.data.get('outcome')}")
        if e.kind == "paid" and orders.setdefault(e.data.get("order"), e) is not e:
            say.wrong(f"{e.dossier}: order {e.data.get('order')} was taken as paid by {orders[e.data.get('order')]} and {e}")
        transaction = e.data.get("transaction")
        if transaction is not None and transactions.setdefault(transaction, e.data.get("order")) != e.data.get("order"):
            say.wrong(f"{e.dossier}: transaction {transaction} paid {transactions[transaction]} and {e.data.get('order')}")


@rule("refunds", "what is given back is given back once, in full, and everybody has the same of it [7]")
def refunds(w, say):
    told, (given, twice) = accepted(w, "payment", "refund"), first_of(w, 3, "refund_ordered", "refund")
    say.count(refunds=len(given), at_the_platform=len(told))
    done_twice(say, "refunded", told)
    conflicts(w, say, "payment", "refund")
    for one, other in twice:
        say.wrong(f"refund {one.data.get('refund')} was given by {one} and {other}")
    one_each(say, "refunds", {e.data.get("refund"): e.dossier for e in given.values()})
    for key, lines in told.items():
        e = given.get(key)
        if e is None:
            say.wrong(f"{key}: refunded at the platform, and never ordered")
        elif lines[0].get("amount") != e.data.get("amount") or lines[0].get("original", e.data.get("order")) != e.data.get("order"):
            say.wrong(f"{key}: {lines[0].get('amount')} of {lines[0].get('original')} given back, {e} says {e.data.get('amount')} "
                      f"of {e.data.get('order')}")
    for key, e in given.items():
        row = w.orders.get(e.data.get("order"))
        if row is None or row["refund_id"] != key or row["amount"] != e.data.get("amount"):
            say.wrong(f"{e} of {e.dossier}: {key} over {e.data.get('amount')} is not that of fee.order")
    for e in of_kind(w, 3, "refunded"):
        if e.data.get("refund") not in told:
            say.wrong(f"{e} of {e.dossier}: {e.data.get('refund')} is unknown at the platform")


# --- parcels -------------------------------------------------------------------------------------------------------------

@rule("parcels-once", "no parcel is sent twice, and every one is known: post, journal and dispatch.parcel agree [7]")
def parcels(w, say):
    torn(w, say, "postal")
    told, (given, twice) = accepted(w, "postal", "order"), first_of(w, 5, "parcel_ordered", "parcel")
    say.count(parcels=len(given), at_the_post=len(told))
    done_twice(say, "ordered at the post", told)
    for one, other in twice:
        say.wrong(f"parcel {one.data.get('parcel')} was given by {one} and {other}")
    one_each(say, "parcels", {e.data.get("parcel"): e.dossier for e in given.values()})
    one_each(say, "parcels at the post", {key: lines[0].get("dossier") for key, lines in told.items()})
    for key, lines in told.items():
        e, row = given.get(key), w.parcels.get(key)
        if e is None or row is None or lines[0].get("dossier") != e.dossier:
            say.wrong(f"{key}: at the post, {e or 'no event parcel_ordered'}, {'a row' if row else 'no row'}")
        elif row["item_code"] is not None and lines[-1].get("item_code") is not None and \
                row["item_code"] not in {l.get("item_code") for l in lines}:
            say.wrong(f"{key}: item {lines[-1]['item_code']} at the post, {row['item_code']} in dispatch.parcel")
    for key, row in w.parcels.items():
        placed = any(e.kind == "parcel_placed" and e.data.get("parcel") == key for e in w.by_dossier.get(row["dossier"], []))
        if placed and key not in told:
            say.wrong(f"{key}: placed by the journal, and the post knows nothing of it")


# --- notices -------------------------------------------------------------------------------------------------------------

# What applicants are told about; "end": also where a deployment tells only the end.
NOTICES = {("intake", "registered"): "all", ("intake", "rejected"): "end", ("fee", "ordered"): "all", ("fee", "paid"): "all",
           ("fee", "refund_ordered"): "all", ("casework", "supplement_requested"): "all", ("casework", "accepted"): "all",
           ("casework", "refused"): "end", ("casework", "overdue"): "all", ("casework", "stopped"): "end",
           ("casework", "withdrawn"): "end", ("casework", "decided"): "all", ("dispatch", "released"): "end",
           ("dispatch", "counter_ready"): "all", ("dispatch", "handed_over"): "end", ("dispatch", "parcel_posted"): "all",
           ("dispatch", "parcel_attempt_failed"): "all", ("dispatch", "parcel_delivered"): "end",
           ("dispatch", "parcel_returned"): "all", ("dispatch", "parcel_failed"): "all"}


@rule("notices-once", "nobody is told twice of the same event by the same channel, and nothing that was not ordered [7]")
def notices_once(w, say):
    torn(w, say, "sms", "email")
    ordered, twice = first_of(w, 6, "notice_ordered", "key")
    say.count(ordered=len(ordered))
    for one, other in twice:
        say.wrong(f"notice {one.data.get('key')} was ordered by {one} and {other}")
    about = {}
    for e in ordered.values():
        what = e.dossier, e.data.get("about")
        if about.setdefault(what, e) is not e:
            say.wrong(f"{e.dossier}: version {e.data.get('about')} is told by {about[what]} and {e}")
    for channel in ("sms", "email"):
        lines = accepted_notices(w, channel)
        say.count(**{channel: len(lines)})
        done_twice(say, f"told by {channel}", lines)
        for key in lines:
            e = ordered.get(key)
            if e is None or e.data.get("channel") != channel:
                said = f"{e} orders {e.data.get('channel')}" if e else "never ordered"
                say.wrong(f"{key}: told by {channel}, and {said}")


def accepted_notices(w, channel):
    found = collections.defaultdict(list)
    for line in w.ledger(channel, op="send"):
        if line.get("outcome") in ("sent", "forgotten"):
            found[line.get("key")].append(line)
    return found


@rule("notices-none-lost", "whoever should be told was told, or the journal says that it failed or is unsure [7 10]")
def notices_lost(w, say):
    ordered = {e.data.get("key"): e for e in of_kind(w, 6, "notice_ordered")}
    ends = collections.defaultdict(list)
    for e in of_kind(w, 6, "notice_sent", "notice_failed", "notice_unsure"):
        ends[e.data.get("key")].append(e)
        say.count(**{e.kind[7:]: 1})
    told = accepted_notices(w, "sms").keys() | accepted_notices(w, "email").keys()
    for key, e in ordered.items():
        if len(ends[key]) > 1:
            say.wrong(f"{key} ended {len(ends[key])} times: {', '.join(map(str, ends[key]))}")
        elif ends[key] and ends[key][0].kind == "notice_sent" and key not in told:
            say.wrong(f"{key}: {ends[key][0]}, and no gateway has it")
        elif not ends[key] and not w.waiting(e.dossier, 6):
            say.wrong(f"{key}: {e} has no end, and no job")
    for key in ends.keys() - ordered.keys():
        say.wrong(f"{key}: {ends[key][0]}, and never ordered")
    unnoticed(w, say, {(e.dossier, e.data.get("about")) for e in ordered.values()})


def unnoticed(w, say, about):
    """Events that somebody should have been told about, where the contents say how."""
    only_end = not any(NOTICES.get((STAGES[e.stage], e.kind)) == "all" and (e.dossier, e.version) in about for e in w.events)
    reachable = {}
    for e in w.events:
        kind = NOTICES.get((STAGES[e.stage], e.kind)) if not e.answer else None
        if kind is None or (kind == "all" and only_end) or (e.kind == "decided" and e.data.get("delivery") != "postal"):
            continue
        born = w.lane_rows.get((6, e.lane), {"born_at": 0})["born_at"]
        if e.at < born:
            continue
        if e.dossier not in reachable:
            reachable[e.dossier] = not is_unreadable(e) and has_contact(w.contents.get(e.dossier, []))
        say.count(to_be_told=1)
        if reachable[e.dossier] and (e.dossier, e.version) not in about and not w.waiting(e.dossier, 6):
            say.wrong(f"{e} of {e.dossier}: nobody was told, and nothing waits")


def is_unreadable(e):
    """Rejected as no JSON: whatever this reader may make of it, nobody can be told."""
    errors = e.data.get("errors") if e.kind == "rejected" else None
    return bool(errors) and str(errors[0].get("rule")).startswith("json.")


def has_contact(contents):
    for row in contents:
        data = parse(row["body"])
        applicant = data.get("applicant") if isinstance(data, dict) else None
        if isinstance(applicant, dict) and (is_phone(applicant.get("phone")) or is_email(applicant.get("email"))):
            return True
    return False


def is_phone(value):
    return isinstance(value, str) and value.lstrip("+").isdigit() and 8 <= len(value.lstrip("+")) <= 15


def is_email(value):
    return isinstance(value, str) and value.count("@") == 1 and 0 < value.index("@") < len(value) - 1 and " " not in value


# --- keys ----------------------------------------------------------------------------------------------------------------

KEYS = {(3, "ordered"): ("order", "F"), (3, "refund_ordered"): ("refund", "R"), (5, "parcel_ordered"): ("parcel", "P"),
        (6, "notice_ordered"): ("key", "N")}
PURPOSES = {"order": "F", "refund": "R", "parcel": "P", "sms": "N", "email": "N"}


@rule("effects-keyed", "every effect goes out under the dossier, its purpose and the version that ordered it, and is known to the journal [7]")
def keyed(w, say):
    keys = set()
    for e in w.events:
        name, letter = KEYS.get((e.stage, e.kind), (None, None))
        if name is None or e.answer:
            continue
        say.count(effects=1)
        keys.add(e.data.get(name))
        if e.data.get(name) != f"{e.dossier}.{letter}{e.version}":
            say.wrong(f"{e} of {e.dossier}, version {e.version}: key {e.data.get(name)}")
    for service, op in (("payment", "init"), ("payment", "refund"), ("postal", "order"), ("sms", "send"), ("email", "send")):
        for line in w.ledger(service, op=op):
            if line.get("key") not in keys and line.get("outcome") not in ("bad_request",):
                say.wrong(f"{line.get('key')}: {service} {op} at {line.get('time')}, and no event ordered it")
    for job in w.jobs:
        if job["kind"] == 1:
            key = text(unpack(job["message"][32:])[0])
            letter = PURPOSES.get(job["purpose"])
            if key not in keys or not key.startswith(f"{job['dossier']}.{letter}"):
                say.wrong(f"job {job['origin']}/{job['ord']} of {STAGES[job['stage']]}: effect {job['purpose']} under {key}")


# --- registers -----------------------------------------------------------------------------------------------------------

REGISTERS = {"population", "enterprise"}


@rule("evidence", "what was asked of a register about anybody is on record: who, why, on which legal basis, with which outcome [13]")
def evidence(w, say):
    kept = {}
    for row in w.seen.tables["evidence"]:
        say.count(records=1)
        kept[row["request_id"]] = row
        if not row["purpose"] or not row["legal_basis"]:
            say.wrong(f"{row['request_id']}: no purpose or no legal basis")
        if row["dossier"] not in w.dossiers:
            say.wrong(f"{row['request_id']}: about {row['dossier']}, which is no dossier")
    asked = {line["key"]: line for service in REGISTERS for line in w.ledger(service, op="lookup") if line.get("key")}
    for key, line in asked.items():
        say.count(questions=1)
        row = w.dossiers.get(line.get("dossier"))
        over = row is not None and any(row[s] in {w.moves[s].codes[n] for n in w.moves[s].final} for s in ("intake", "casework", "dispatch"))
        if key not in kept and not over and not w.waiting(line.get("dossier"), 2):
            say.wrong(f"{key}: asked of {line['service']} at {line['time']}, and nothing on record")
