"""verify_replay - the journals folded anew are the database, and the moves allow every step (promises 1 6)."""
from verify_fold import COLUMNS, JSON, ORDER, PARCEL, apply, apply_order, apply_parcel, fresh
from verify_format import parse
from verify_rule import rule
from verify_states import STAGES


def fold_all(w):
    """{dossier: row}, {order: row}, {parcel: row}, what the moves forbid, what fits no row. Once for all rules."""
    if not hasattr(w, "folded"):
        dossiers, orders, parcels, forbidden, homeless = {}, {}, {}, [], []
        for id, events in w.by_dossier.items():
            row, mine, own = fresh(), {}, {}
            for e in events:
                wrong = apply(row, e, w.moves)
                if wrong:
                    forbidden.append(f"{id}: {wrong}")
                misfit = apply_order(mine, e) if e.stage == 3 else apply_parcel(own, e) if e.stage == 5 else None
                if misfit:
                    homeless.append(f"{id}: {misfit}")
            dossiers[id] = row
            orders.update(mine)
            parcels.update(own)
        w.folded = dossiers, orders, parcels, forbidden, homeless
    return w.folded


def short(value):
    said = value.hex() if isinstance(value, bytes) else str(value)
    return said if len(said) <= 60 else said[:28] + "…" + said[-28:]


def compare(say, what, folded, row, columns, read):
    for column in columns:
        seen = read(column, row[column])
        if seen != folded[column]:
            say.wrong(f"{what}: {column} is {short(seen)}, the journals say {short(folded[column])}")


@rule("replay-dossiers", "core.dossier is the sum of the journals, column by column [6]")
def dossiers(w, say):
    folded, names = fold_all(w)[0], {s: {c: n for n, c in w.moves[s].codes.items()} for s in STAGES}

    def read(column, value):
        if column in names:
            return names[column].get(value, value)
        if column in JSON and value is not None:
            return parse(value.encode())
        return value.hex() if column in ("digest", "rule_set", "inputs") and value is not None else value
    for id in folded.keys() | w.dossiers.keys():
        say.count(dossiers=1)
        if id not in w.dossiers:
            say.wrong(f"{id}: not in core.dossier")
        elif id not in folded:
            say.wrong(f"{id}: not in the journals")
        else:
            compare(say, id, folded[id], w.dossiers[id], COLUMNS, read)
    say.count(columns=len(COLUMNS))


def rows(w, say, kind, folded, found, columns):
    for id in folded.keys() | found.keys():
        say.count(**{kind: 1})
        if id not in found:
            say.wrong(f"{id}: in the journals, and no row")
        elif id not in folded:
            say.wrong(f"{id}: a row, and not in the journals")
        else:
            compare(say, id, folded[id], found[id], columns, lambda column, value: value)


@rule("replay-orders", "fee.order is the sum of the journal of fee [6]")
def orders(w, say):
    rows(w, say, "orders", fold_all(w)[1], w.orders, ORDER)


@rule("replay-parcels", "dispatch.parcel is the sum of the journal of dispatch [6]")
def parcels(w, say):
    rows(w, say, "parcels", fold_all(w)[2], w.parcels, PARCEL)


@rule("moves", "every event was allowed in the sub-state where it happened, and known to the table of moves [6]")
def moves(w, say):
    _, _, _, forbidden, homeless = fold_all(w)
    for what in forbidden + homeless:
        say.wrong(what)
    say.count(events=len(w.events))
    for e in w.events:
        known = w.moves[STAGES[e.stage]]
        if e.answer != (e.kind in known.answers) or (not e.answer and e.kind not in known.moves):
            say.wrong(f"{e} of {e.dossier}: {'an answer' if e.answer else 'an event'} that schemas/states does not know")
        if e.answer and e.version != 0:
            say.wrong(f"{e} of {e.dossier}: an answer with version {e.version}")
