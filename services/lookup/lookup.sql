-- Statements of lookup.

-- name: evidence_matches
-- What earlier rounds of a dossier had matched. $1 uuid. Rows: one a register and subject. No locks.
select distinct on (registry, subject) registry, subject, fields
from lookup.evidence where dossier = $1::uuid and outcome = 'match'
order by registry, subject, round;

-- name: evidence_insert
-- One array parameter a column of lookup.evidence, in its order: what was asked, why, and what came of it.
insert into lookup.evidence
    (dossier, round, registry, subject, request_id, purpose, legal_basis, asked_at, outcome, fields, filled)
select * from unnest($1::uuid[], $2::int4[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::timestamptz[], $9::text[], $10::text[], $11::text[]);
