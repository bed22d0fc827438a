-- Statements of the dispatch worker.

-- name: dispatch_load
-- The parcels of some dossiers, as dispatch_fold keeps them.
-- $1 uuid[] dossiers.  Rows: one a parcel.  Locks: none; their dossiers are locked before.
select p.parcel_id, p.dossier, p.state, p.item_code, p.ordered_at, p.updated_at, p.attempts, p.unsure, p.version
from dispatch.parcel p
where p.dossier = any($1::uuid[])
order by p.dossier, p.ordered_at, p.parcel_id;

-- name: dispatch_save
-- Parcels as the events of this batch left them.
-- $1..$9: one array a column of dispatch_fold.  Rows: none.  Locks: the parcels'.
insert into dispatch.parcel as p (parcel_id, dossier, state, item_code, ordered_at, updated_at, attempts,
    unsure, version)
select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
    $7::integer[], $8::boolean[], $9::integer[])
on conflict (parcel_id) do update set state = excluded.state, item_code = excluded.item_code,
    updated_at = excluded.updated_at, attempts = excluded.attempts, unsure = excluded.unsure,
    version = excluded.version;
