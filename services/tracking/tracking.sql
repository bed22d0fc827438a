-- Statements of the tracking worker.

-- name: tracking_recent
-- Some blocks of one stage's journal that a lane has given since a moment: whose status may have
-- been sent by a predecessor and come late.
-- $1 stage, $2 lane, $3 since, $4 number to go on behind, $5 at most
-- Rows: last number, entries; in order.  Locks: none.
select j.last, j.entries
from core.journal j
where j.stage = $1::smallint and j.lane = $2::integer and j.at > $3::timestamptz and j.last > $4::bigint
order by j.last
limit $5::integer;
