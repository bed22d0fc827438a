-- The statements of dossierctl.  Unless said otherwise they run as
-- dossier_auditor, read only and take no locks.

-- Which files of schemas/database have been applied.
-- role: anybody  rows: version, name, digest, applied_at, applied_by
-- name: migrations_applied
select version, name, digest, applied_at, applied_by from dossier_meta.migration order by version

-- Is there such a table at all?  A fresh database has none.
-- rows: one, boolean
-- name: migrations_exist
select to_regclass('dossier_meta.migration') is not null

-- The file just run, in its own transaction.
-- role: dossier_owner  $1 version  $2 name  $3 digest
-- locks: held by the transaction's advisory lock
-- name: migration_add
insert into dossier_meta.migration (version, name, digest) values ($1, $2, $3)

-- The lanes there are, and for how many topics each was made.
-- rows: stage, lane, topics
-- name: lanes_made
select stage, lane, cardinality(next_offset) from core.lane order by stage, lane

-- Lanes of one stage, from the beginning of every topic; those there are stay as they are.
-- role: dossier_owner  $1 stage  $2 partitions  $3 topics of the stage  rows: lanes made
-- name: lanes_add
insert into core.lane (stage, lane, next_offset, read_to, seen, seen_hash)
select $1::int2, lane, array_fill(-2::int8, array[$3::int4]), array_fill(0::int8, array[$3::int4]),
    array_fill(0::int8, array[$3::int4]), decode(repeat('00', 32 * $3::int4), 'hex')
from generate_series(0, $2::int4 - 1) lane
on conflict do nothing
returning lane

-- What of the catalogue is loaded.
-- rows: kind, code, version, digest
-- name: catalogue_digests
select kind, code, version, digest from core.catalogue
union all
select 'calendar', year::text, 1, digest from core.calendar
order by 1, 2, 3

-- One procedure or agency.
-- role: dossier_owner  $1 kind  $2 code  $3 version  $4 from  $5 to (dates as text; null: open)  $6 digest  $7 body
-- name: catalogue_put
insert into core.catalogue (kind, code, version, effective_from, effective_to, digest, body)
values ($1, $2, $3, $4::text::date, $5::text::date, $6, $7)

-- One year; a new decision replaces it.
-- role: dossier_owner  $1 year  $2 digest  $3 body
-- name: calendar_put
insert into core.calendar (year, digest, body) values ($1, $2, $3)
on conflict (year) do update set digest = excluded.digest, body = excluded.body
