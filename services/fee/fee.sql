-- Statements of the fee worker.

-- name: fee_load
-- The orders of some dossiers, as fee_fold keeps them.
-- $1 uuid[] dossiers.  Rows: one an order.  Locks: none; their dossiers are locked before.
select o.order_id, o.dossier, o.state, o.phi, o.le_phi, o.amount, o.citation, o.ordered_at,
    o.expires_at, o.paid_at, o.transaction_id, o.refund_id, o.refund_transaction, o.unsure, o.version
from fee.order o
where o.dossier = any($1::uuid[])
order by o.dossier, o.ordered_at, o.order_id;

-- name: fee_save
-- Orders as the events of this batch left them.
-- $1..$15: one array a column of fee_fold.  Rows: none.  Locks: the orders'.
insert into fee.order as o (order_id, dossier, state, phi, le_phi, amount, citation, ordered_at,
    expires_at, paid_at, transaction_id, refund_id, refund_transaction, unsure, version)
select * from unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
    $7::text[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[],
    $13::text[], $14::boolean[], $15::integer[])
on conflict (order_id) do update set state = excluded.state, expires_at = excluded.expires_at,
    paid_at = excluded.paid_at, transaction_id = excluded.transaction_id,
    refund_id = excluded.refund_id, refund_transaction = excluded.refund_transaction,
    unsure = excluded.unsure, version = excluded.version;
