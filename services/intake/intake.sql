-- Statements of intake.

-- name: serial_take
-- Take blocks of serial numbers, a short transaction of its own.
-- $1 text[] agency, $2 int8[] local day since 1970, $3 int8[] how many; ordered by agency and day.
-- Rows: one a pair, next is the first number not taken.  Locks: those rows of core.serial, in that order.
insert into core.serial as serial (agency, day, next)
select agency, date '1970-01-01' + day::integer, 1 + n
from unnest($1::text[], $2::int8[], $3::int8[]) with ordinality as wanted (agency, day, n, place)
order by place
on conflict (agency, day) do update set next = serial.next + excluded.next - 1
returning agency, (day - date '1970-01-01')::int8, next;

-- name: salt_load
-- The salts of first contents, to compare a repeat with. $1 uuid[]. No locks.
select dossier, salt from core.content where dossier = any ($1::uuid[]) and version = 1;
