-- Statements of the casework worker.

-- name: casework_intake_read_to
-- How far in time all of intake has read: a supplement that lies unread is not late.
-- No parameters.  Rows: one, microseconds since 1970; null where intake has no lanes yet.  Locks: none.
select min(r.at) as read_to
from core.lane l, unnest(l.read_to) as r(at)
where l.stage = 0;

-- name: casework_intake_waits
-- Of these dossiers, those of which something still waits at intake: a supplement may be among it.
-- $1 dossiers.  Rows: ids.  Locks: none.
select w from core.intake_waits($1::uuid[]) w
