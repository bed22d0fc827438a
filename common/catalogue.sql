-- Law as data: what catalogue_load.c reads.  Any role may; nothing is locked.

-- name: catalogue_rows
-- Every procedure, agency and calendar.  Rows: all, ordered as the mark has them.
select kind, code, version, digest, body
from (
    select kind, code, version, digest, body from core.catalogue
    union all
    select 'calendar', year::text, 1, digest, body from core.calendar
) row
order by kind collate "C", code collate "C", version;

-- name: catalogue_mark
-- Has anything changed?  Rows: 1, the SHA-256 over the digests of all rows in that order.
select sha256(coalesce(string_agg(digest, ''::bytea order by kind collate "C", code collate "C", version), ''))
from (
    select kind, code, version, digest from core.catalogue
    union all
    select 'calendar', year::text, 1, digest from core.calendar
) row;
