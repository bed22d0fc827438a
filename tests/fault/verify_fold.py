"""verify_fold - the rows that the journals amount to: dossiers, payment orders, parcels. A second implementation (promise 6).

An event's facts are written down in schemas/messages; what a row keeps of them, in schemas/database/0001_core.sql and
0002_stages.sql. Nothing but event and row is looked at.
"""
from verify_format import micros
from verify_states import STAGES

# Facts that any event may bring, and the column that keeps them.
FACTS = {"missing": "missing", "accepted_at": "accepted_at", "phi": "phi", "le_phi": "le_phi", "order": "fee_order",
         "result": "result", "document": "document", "parcel": "parcel", "item_code": "item_code"}
# What is fixed by the first event.
FIRST = {"code": "code", "source": "source", "submission": "submission", "digest": "digest", "procedure": "procedure",
         "procedure_version": "procedure_version", "case": "case_code", "agency": "agency", "level": "level",
         "channel": "channel", "applicant_kind": "applicant_kind", "language": "language", "rule_set": "rule_set",
         "exemption": "exemption", "delivery": "delivery", "errors": "errors"}
TIMES = {"accepted_at", "received_at", "expires_at", "due_at", "paid_at"}
COLUMNS = ["home", "version", "round", *STAGES, "code", "source", "submission", "digest", "received_at", "procedure",
           "procedure_version", "case_code", "agency", "level", "channel", "applicant_kind", "language", "rule_set",
           "exemption", "delivery", "missing", "accepted_at", "due_at", "overdue", "supplements", "phi", "le_phi", "amount",
           "fee_order", "expires_at", "result", "document", "parcel", "item_code", "reason", "citation", "errors",
           "updated_at", "inputs", "trail"]
JSON = {"missing", "document", "errors"}


def fact(data, name):
    """A fact as the row keeps it."""
    value = data.get(name)
    return micros(value) if value is not None and name in TIMES else value


def fresh():
    row = dict.fromkeys(COLUMNS)
    row.update(version=0, round=0, supplements=0, overdue=False, inputs="", trail=b"", procedure_version=0)
    row.update(dict.fromkeys(STAGES, "none"))
    return row


# What an event means for the row beyond its facts; (row, facts).

def registered(row, data):
    for name, column in FIRST.items():
        if data.get(name) is not None:
            row[column] = data[name]
    row["received_at"] = fact(data, "received_at")


def supplement_requested(row, data):
    row["supplements"] += 1
    row["expires_at"], row["due_at"] = fact(data, "expires_at"), None
    reasoned(row, data)


def reasoned(row, data):
    row["reason"], row["citation"] = data.get("reason"), data.get("citation")


def ended(row, data):
    row["expires_at"] = None
    reasoned(row, data)


def clocked(row, data):
    row["due_at"], row["expires_at"] = fact(data, "due_at"), None


def sets(column, name=None):
    def take(row, data):
        if name is None:
            row[column] = None
        elif data.get(name) is not None:
            row[column] = fact(data, name)
    return take


def ordered(row, data):
    row["amount"], row["expires_at"] = data.get("amount"), fact(data, "expires_at")


def overdue(row, data):
    row["overdue"] = True


MEANING = {
    "intake.registered": registered, "intake.rejected": registered, "intake.supplemented": sets("round", "round"),
    "intake.delivery_changed": sets("delivery", "delivery"),
    "fee.ordered": ordered, "fee.placed": sets("expires_at", "expires_at"), "fee.paid": sets("expires_at"),
    "fee.expired": sets("expires_at"), "fee.cancelled": sets("expires_at"),
    "casework.accepted": clocked, "casework.resumed": clocked, "casework.reopened": sets("expires_at"),
    "casework.supplement_requested": supplement_requested, "casework.overdue": overdue,
    "casework.refused": ended, "casework.stopped": ended, "casework.decided": ended,
}


def apply(row, e, moves):
    """One event onto the row; a text when the moves forbid it (and it is taken all the same, to see what else differs)."""
    stage, wrong = STAGES[e.stage], None
    sources, target = moves[stage].moves.get(e.kind, ((), None))
    if row[stage] not in sources:
        wrong = f"{e} while {stage} is {row[stage]}"
    for name, column in FACTS.items():
        if e.data.get(name) is not None:
            row[column] = fact(e.data, name)
    if e.version == 1:
        row["home"] = e.home
    meaning = MEANING.get(f"{stage}.{e.kind}")
    if meaning:
        meaning(row, e.data)
    if target not in (None, "="):
        row[stage] = target
    row["version"], row["updated_at"] = e.version, e.at
    row["trail"] += bytes([e.stage]) + e.number.to_bytes(8, "big")
    if isinstance(e.data.get("input"), str):
        row["inputs"] += e.data["input"]
    return wrong


# --- money ---------------------------------------------------------------------------------------------------------------

ORDER = ["dossier", "state", "phi", "le_phi", "amount", "citation", "ordered_at", "expires_at", "paid_at", "transaction_id",
         "refund_id", "refund_transaction", "unsure", "version"]


def pay(order, data):
    if data.get("transaction") is not None:
        order["transaction_id"] = data["transaction"]
    if data.get("paid_at") is not None:
        order["paid_at"] = fact(data, "paid_at")
    order["unsure"] = False


def apply_order(orders, e):
    """A fee event onto the orders of its dossier, {order: row}; a text when it fits none."""
    data = e.data
    if e.kind == "ordered":
        orders[data.get("order")] = dict.fromkeys(ORDER) | {
            "dossier": e.dossier, "state": "ordered", "phi": data.get("phi"), "le_phi": data.get("le_phi"),
            "amount": data.get("amount"), "citation": data.get("citation"), "ordered_at": e.at,
            "expires_at": fact(data, "expires_at"), "unsure": False, "version": e.version}
        return None
    if e.kind not in ("placed", "order_unsure", "refund_unsure", "paid", "expired", "cancelled", "refund_ordered", "refunded"):
        return None
    order = orders.get(data.get("order"))
    if order is None and data.get("order") is None and data.get("refund") is not None:
        order = next((o for o in orders.values() if o["refund_id"] == data["refund"]), None)
    if order is None:
        return f"{e} fits no order"
    order["version"] = e.version
    if e.kind == "placed":
        order["state"] = "placed" if order["state"] == "ordered" else order["state"]
        if data.get("expires_at") is not None:
            order["expires_at"] = fact(data, "expires_at")
        order["unsure"] = False
    elif e.kind in ("order_unsure", "refund_unsure"):
        order["unsure"] = True
    elif e.kind == "paid":
        pay(order, data)
        order["state"] = "paid"
    elif e.kind == "refund_ordered":
        pay(order, data)
        order["state"], order["refund_id"] = "refunding", data.get("refund")
    elif e.kind == "refunded":
        order["state"], order["refund_transaction"], order["unsure"] = "refunded", data.get("transaction"), False
    else:
        order["state"] = e.kind
    return None


# --- parcels -------------------------------------------------------------------------------------------------------------

PARCEL = ["dossier", "state", "item_code", "ordered_at", "updated_at", "attempts", "unsure", "version"]


def attempts(parcel, e):
    if e.data.get("attempt") is not None:
        parcel["attempts"] = max(parcel["attempts"], e.data["attempt"])
    elif e.kind == "parcel_attempt_failed":
        parcel["attempts"] += 1


def apply_parcel(parcels, e):
    """A dispatch event onto the parcels of its dossier, {parcel: row}; a text when it fits none."""
    if not e.kind.startswith("parcel_"):
        return None
    if e.kind == "parcel_ordered":
        parcels[e.data.get("parcel")] = dict.fromkeys(PARCEL) | {
            "dossier": e.dossier, "state": "ordering", "ordered_at": e.at, "updated_at": e.at, "attempts": 0,
            "unsure": False, "version": e.version}
        return None
    parcel = parcels.get(e.data.get("parcel"))
    if parcel is None:
        return f"{e} fits no parcel"
    parcel["updated_at"], parcel["version"] = e.at, e.version
    if e.data.get("item_code") is not None:
        parcel["item_code"] = e.data["item_code"]
    if e.kind == "parcel_unsure":
        parcel["unsure"] = True
    else:
        attempts(parcel, e)
        if e.kind != "parcel_noted":
            parcel["state"], parcel["unsure"] = e.kind[len("parcel_"):], False
    return None
