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

-- Dossiers for people to look at, newest first.
-- $1 state or stage:state  $2 procedure  $3 agency  $4 received since  $5 at most; null: any
-- name: list
select id, code, initials, procedure, agency, channel, intake, verification, lookup, fee, casework, dispatch, tracking,
    received_at, accepted_at, due_at, overdue, phi, le_phi, amount, delivery, result, reason, missing, item_code,
    updated_at, version, round, home
from core.dossier_list
where ($1::text is null or $1 = any(array[intake, verification, lookup, fee, casework, dispatch, tracking,
        'intake:' || intake, 'verification:' || verification, 'lookup:' || lookup, 'fee:' || fee,
        'casework:' || casework, 'dispatch:' || dispatch, 'tracking:' || tracking]))
    and ($2::text is null or procedure = $2) and ($3::text is null or agency = $3)
    and ($4::timestamptz is null or received_at >= $4)
order by received_at desc, id
limit $5::int8

-- One dossier by its code or its id, in the order of dossier_columns.
-- $1 code  $2 id (null where the word is no id)
-- name: dossier_find
select id, home, code, source, submission, digest, received_at, procedure, procedure_version, case_code, agency, level,
    channel, applicant_kind, language, rule_set, exemption, errors, version, round, intake, verification, lookup, fee,
    casework, dispatch, tracking, delivery, missing, accepted_at, due_at, overdue, supplements, phi, le_phi, amount,
    fee_order, expires_at, result, document, parcel, item_code, reason, citation, updated_at, inputs, trail
from core.dossier where code = $1::text or id = $2::uuid

-- $1 dossier
-- name: orders_of
select order_id, state, phi, le_phi, amount, citation, ordered_at, expires_at, paid_at, transaction_id, refund_id,
    refund_transaction, unsure, version
from fee.order where dossier = $1 order by ordered_at

-- $1 dossier
-- name: parcels_of
select parcel_id, state, item_code, ordered_at, updated_at, attempts, unsure, version
from dispatch.parcel where dossier = $1 order by ordered_at

-- What is unfinished of a dossier, at all stages.
-- $1 dossier
-- name: jobs_of
select s.name, j.lane, j.origin, j.ord, j.kind, j.purpose, j.due_at, j.attempts, j.reason, j.created_at
from core.job j join core.stage s using (stage) where j.dossier = $1 order by j.stage, j.created_at, j.ord

-- What is parked, longest first.
-- name: parked
select s.name, j.lane, j.origin, j.ord, j.kind, j.purpose, j.dossier, d.code, j.attempts, j.reason, j.created_at
from core.job j join core.stage s using (stage) left join core.dossier d on d.id = j.dossier
where j.due_at is null order by j.created_at, j.stage, j.lane, j.ord
limit $1::int8

-- What an applicant and officers sent.
-- role: dossier_agency  $1 dossier
-- name: contents_of
select version, round, kind, body from core.content where dossier = $1 order by version

-- The block that holds an entry.
-- $1 stage  $2 lane  $3 number
-- name: block_of
select first, last, entries from core.journal
where stage = $1 and lane = $2 and last >= $3 order by last limit 1

-- name: deadletters
-- $1 at most
select s.name, l.topic, l.partition, l."offset", l.at, l.reason, length(l.message), l.digest, l.announced, l.redrives, l.redrive_at
from core.deadletter l join core.stage s using (stage) where l.redriven_at is null order by l.at desc, l.topic, l.partition, l."offset"
limit $1::int8

-- name: deadletter
-- $1 topic  $2 partition  $3 offset
select s.name, l.at, l.reason, l.digest, l.announced, l.message
from core.deadletter l join core.stage s using (stage)
where l.topic = $1 and l.partition = $2 and l."offset" = $3

-- Lanes, what their owners say of them, and who has paused their stage.
-- name: lanes
select s.stage, s.name, l.lane, l.epoch, l.owner, l.owner_version, l.claimed_at, l.unclean, l.step_note,
    cardinality(l.next_offset), l.next_offset, l.read_to, l.given, l.acked, l.taken, l.handed_in, l.ordered, l.done, l.repeated, l.dead, l.handed_out, l.waiting,
    l.parked, l.given_hash, l.seen, l.alive_at, case when l.note_epoch = l.epoch and (l.owner is not null or starts_with(l.note, 'stands ')) then l.note end, l.note_at,
    p.since, o.who, o.why, case when l.unclean_at = l.next_offset then l.unclean else 0 end
from core.lane l join core.stage s using (stage) left join core.pause p using (stage) left join core.operation o on o.id = p.operation
order by s.stage, l.lane

-- Replay: what one home has, in one snapshot (repeatable read): the lanes' ends first.
-- $1 lane  rows: stage, given, given_hash, acked, last number of the blocks (0: none)
-- name: replay_lanes
select l.stage, l.given, l.given_hash, l.acked, coalesce((select j.last from core.journal j
    where j.stage = l.stage and j.lane = l.lane order by j.last desc limit 1), 0)
from core.lane l where l.lane = $1 order by l.stage

-- How many lanes there are, and rows at no home.
-- name: replay_homes
select (select count(distinct lane) from core.lane),
    (select count(*) from core.dossier where home not in (select lane from core.lane))

-- $1 home
-- name: replay_dossiers_open
declare replay_dossiers no scroll cursor for
select id, home, code, source, submission, digest, received_at, procedure, procedure_version, case_code, agency, level,
    channel, applicant_kind, language, rule_set, exemption, errors, version, round, intake, verification, lookup, fee,
    casework, dispatch, tracking, delivery, missing, accepted_at, due_at, overdue, supplements, phi, le_phi, amount,
    fee_order, expires_at, result, document, parcel, item_code, reason, citation, updated_at, inputs, trail
from core.dossier where home = $1

-- name: replay_dossiers_fetch
fetch 4000 from replay_dossiers

-- Orders of a home's dossiers; those of no dossier at all count as home 0, so that they show.
-- $1 home
-- name: replay_orders_open
declare replay_orders no scroll cursor for
select o.order_id, o.dossier, o.state, o.phi, o.le_phi, o.amount, o.citation, o.ordered_at, o.expires_at, o.paid_at,
    o.transaction_id, o.refund_id, o.refund_transaction, o.unsure, o.version
from fee.order o left join core.dossier d on d.id = o.dossier where coalesce(d.home, 0) = $1

-- name: replay_orders_fetch
fetch 4000 from replay_orders

-- $1 home
-- name: replay_parcels_open
declare replay_parcels no scroll cursor for
select p.parcel_id, p.dossier, p.state, p.item_code, p.ordered_at, p.updated_at, p.attempts, p.unsure, p.version
from dispatch.parcel p left join core.dossier d on d.id = p.dossier where coalesce(d.home, 0) = $1

-- name: replay_parcels_fetch
fetch 4000 from replay_parcels

-- The blocks after a number, in order.  They are never changed, so no snapshot is needed.
-- $1 stage  $2 lane  $3 number  $4 at most  rows: first, head, entries
-- name: replay_blocks
select first, head, entries from core.journal
where stage = $1 and lane = $2 and last > $3 order by last limit $4::int8

-- --- what operators do ---------------------------------------------------------------

-- role: dossier_operator  $1 who  $2 account  $3 command  $4 why  $5 arguments  $6 how many  rows: its number
-- name: operation_begin
insert into core.operation (who, account, what, why, arguments, planned) values ($1, $2, $3, $4, $5, $6) returning id

-- role: dossier_operator  $1 operation  $2 how many were done
-- name: operation_end
update core.operation set done = $2::int8, ended_at = clock_timestamp() where id = $1::int8

-- $1 at most
-- name: operations
select id, at, who, account, role, what, why, arguments, planned, done, ended_at from core.operation order by id desc limit $1::int8

-- $1 operation
-- name: operation_items
select i.n, i.at, s.name, i.lane, i.item, i.dossier, i.reason
from core.operation_item i join core.stage s using (stage) where i.operation = $1::int8 order by i.n

-- What is parked and fits, in the order in which it came.
-- role: dossier_operator  $1 stage  $2 lane  $3 beginning of the reason  $4 since  $5 until  $6 dossier; null: any
-- name: parked_chosen
select stage, lane, origin, ord, reason, created_at, substring(message for 32), kind
from core.job
where due_at is null and ($1::int8 is null or stage = $1) and ($2::int8 is null or lane = $2)
	and ($3::text is null or starts_with(reason, $3)) and ($4::timestamptz is null or created_at >= $4)
	and ($5::timestamptz is null or created_at < $5) and ($6::uuid is null or dossier = $6)
order by created_at, stage, lane, ord, origin

-- Make these due, in this order, and record it; those that are parked no more are left out.
-- role: dossier_operator  $1 operation  $2 those before  $3 stages  $4 lanes  $5 origins  $6 ords
-- locks: the rows
-- name: parked_release
with asked as (
	select * from unnest($3::int2[], $4::int4[], $5::int4[], $6::int8[]) with ordinality as u(stage, lane, origin, ord, n)
), released as (
	update core.job j set due_at = now() + a.n * interval '1 microsecond', attempts = (j.kind = 1)::int4
	from asked a where j.stage = a.stage and j.lane = a.lane and j.origin = a.origin and j.ord = a.ord and j.due_at is null
	returning a.n, j.stage, j.lane, j.origin || '/' || j.ord as item, j.dossier, j.reason
)
insert into core.operation_item (operation, n, stage, lane, item, dossier, reason)
select $1::int8, $2::int8 + n, stage, lane, item, dossier, reason from released

-- What became of released jobs.
-- role: dossier_operator  $1 operation  rows: not finished, parked again
-- name: parked_watch
select count(*) filter (where j.due_at is not null), count(*) filter (where j.stage is not null and j.due_at is null)
from core.operation_item i left join core.job j on j.stage = i.stage and j.lane = i.lane
	and j.origin = split_part(i.item, '/', 1)::int4 and j.ord = split_part(i.item, '/', 2)::int8
where i.operation = $1::int8

-- Dead letters that fit and have not been taken or asked for, in the order in which they came: within a partition
-- that is the offsets', whatever the broker's clock did.
-- role: dossier_operator  $1 stage  $2 lane  $3 beginning of the reason  $4 since  $5 until; null: any  $6 bytes too?
-- name: redrive_chosen
select stage, coalesce(lane, partition), topic, partition, "offset", reason, at, case when $6::bool then message end
from core.deadletter
where redrive_at is null and redriven_at is null and ($1::int8 is null or stage = $1)
	and ($2::int8 is null or coalesce(lane, partition) = $2) and ($3::text is null or starts_with(reason, $3))
	and ($4::timestamptz is null or at >= $4) and ($5::timestamptz is null or at < $5)
order by max(at) over (partition by topic, partition order by "offset"), topic, partition, "offset", stage

-- Ask the lanes' owners to try these again, in this order, and record it; what was asked for or taken is left out.
-- role: dossier_operator  $1 operation  $2 those before  $3 stages  $4 topics  $5 partitions  $6 offsets
-- locks: the rows
-- name: redrive_mark
with asked as (
	select * from unnest($3::int2[], $4::text[], $5::int4[], $6::int8[]) with ordinality as u(stage, topic, partition, "offset", n)
), marked as (
	update core.deadletter d set redrive_at = now() + a.n * interval '1 microsecond', redrive = $1::int8
	from asked a where d.stage = a.stage and d.topic = a.topic and d.partition = a.partition and d."offset" = a."offset"
		and d.redrive_at is null and d.redriven_at is null
	returning a.n, d.stage, coalesce(d.lane, d.partition) as lane, d.topic || '/' || d.partition || '/' || d."offset" as item, d.reason
)
insert into core.operation_item (operation, n, stage, lane, item, reason)
select $1::int8, $2::int8 + n, stage, lane, item, reason from marked

-- What became of dead letters that were tried again.
-- role: dossier_operator  $1 operation  rows: not taken yet, dead as before
-- name: redrive_watch
select count(*) filter (where redrive_at is not null), count(*) filter (where redrive_at is null and redriven_at is null)
from core.deadletter where redrive = $1::int8

-- role: dossier_operator  $1 stage  $2 operation
-- name: pause_set
insert into core.pause (stage, operation) values ($1::int2, $2::int8) on conflict do nothing

-- role: dossier_operator  $1 stage
-- name: pause_clear
delete from core.pause where stage = $1::int2

-- Do the owners of a stage's lanes say that they are paused?
-- $1 stage  rows: lanes with an owner, those of them that say so
-- name: pause_watch
select count(*), count(*) filter (where note_epoch = epoch and (note = 'paused' or starts_with(note, 'paused;')))
from core.lane where stage = $1::int2 and owner is not null

-- The chain's value after the block that ends with this number.
-- $1 stage  $2 lane  $3 number
-- name: journal_head
select head from core.journal where stage = $1::int2 and lane = $2::int4 and last = $3::int8

-- role: dossier_operator  $1 operation  $2 stage  $3 lane  $4 numbers
-- name: resend_note
insert into core.operation_item (operation, n, stage, lane, item) values ($1::int8, 1, $2::int2, $3::int4, $4)

-- --- doctor: stage, reason, how many, the oldest, one of them ---------------------------

-- What is parked.  $1 unused
-- name: doctor_parked
select stage, coalesce(reason, '?'), count(*), min(created_at), (array_agg(coalesce(dossier::text, '?') order by created_at))[1]
from core.job where due_at is null and $1::int8 is not null group by 1, 2 order by 1, 3 desc

-- Orders and parcels of which nobody knows whether they happened, and nobody is asking any more.  $1 unused
-- name: doctor_unsure
select 3::int2, 'order', count(*), min(o.ordered_at), (array_agg(o.order_id order by o.ordered_at))[1]
from fee.order o where o.unsure and $1::int8 is not null
	and not exists (select from core.job j where j.dossier = o.dossier and j.stage = 3 and j.kind = 1 and j.due_at is not null)
having count(*) > 0
union all
select 5::int2, 'parcel', count(*), min(p.ordered_at), (array_agg(p.parcel_id order by p.ordered_at))[1]
from dispatch.parcel p where p.unsure
	and not exists (select from core.job j where j.dossier = p.dossier and j.stage = 5 and j.kind = 1 and j.due_at is not null)
having count(*) > 0

-- Messages and effects that have waited longer than $1 seconds; those behind another are not counted.
-- name: doctor_stuck
select stage, coalesce(reason, case kind when 1 then 'telling ' || purpose when 3 then 'handed over' else 'waiting' end), count(*),
	min(created_at), (array_agg(coalesce(dossier::text, '?') order by created_at))[1]
from core.job
where due_at < 'infinity' and kind <> 2 and created_at < now() - $1::int8 * interval '1 second'
group by 1, 2 order by 1, 3 desc

-- Behind another that is not there.  $1 unused
-- name: doctor_orphans
select j.stage, 'behind', count(*), min(j.created_at), (array_agg(j.dossier::text order by j.created_at))[1]
from core.job j
where j.due_at = 'infinity' and j.kind = 0 and $1::int8 is not null and not exists (select from core.job b
	where b.stage = j.stage and b.lane = j.lane and b.dossier = j.dossier and b.kind in (0, 3) and b.ord < j.ord)
group by 1 order by 1

-- Timers that are due for longer than $1 seconds, and the lane that has read least far.
-- name: doctor_timers
select j.stage, (select 'lane ' || l.lane || ' has read up to ' || to_char(to_timestamp(x.t / 1e6) at time zone 'Asia/Ho_Chi_Minh',
		'YYYY-MM-DD HH24:MI:SS') from core.lane l, lateral (select min(t) as t from unnest(l.read_to) t) x
	where l.stage = j.stage order by x.t limit 1), count(*), min(j.due_at),
	(array_agg(coalesce(j.dossier::text, '?') order by j.due_at))[1]
from core.job j where j.kind = 2 and j.due_at < now() - $1::int8 * interval '1 second' group by 1 order by 1

-- Dead letters of the last $1 seconds.
-- name: doctor_dead
select stage, split_part(reason, ':', 1), count(*), min(at), (array_agg(topic || '/' || partition || '/' || "offset" order by at desc))[1]
from core.deadletter where redriven_at is null and redrive_at is null and at >= now() - $1::int8 * interval '1 second'
group by 1, 2 order by 1, 3 desc

-- Those before.
-- name: doctor_dead_old
select stage, split_part(reason, ':', 1), count(*), min(at), (array_agg(topic || '/' || partition || '/' || "offset" order by at desc))[1]
from core.deadletter where redriven_at is null and redrive_at is null and at < now() - $1::int8 * interval '1 second'
group by 1, 2 order by 1, 3 desc

-- Asked to be tried again half a minute ago, and not taken.  $1 unused
-- name: doctor_asked
select stage, 'asked', count(*), min(redrive_at), (array_agg(topic || '/' || partition || '/' || "offset" order by redrive_at))[1]
from core.deadletter where redrive_at < now() - interval '30 seconds' and $1::int8 is not null group by 1 order by 1

-- --- replay of a part --------------------------------------------------------------------

-- $1 dossier
-- name: range_orders
select order_id, dossier, state, phi, le_phi, amount, citation, ordered_at, expires_at, paid_at, transaction_id, refund_id,
    refund_transaction, unsure, version
from fee.order where dossier = $1

-- $1 dossier
-- name: range_parcels
select parcel_id, dossier, state, item_code, ordered_at, updated_at, attempts, unsure, version
from dispatch.parcel where dossier = $1

-- $1 ids
-- name: range_trails
select id, home, trail from core.dossier where id = any($1::uuid[])

-- First and last number of each journal that a span covers.  An entry's time is its block's.
-- $1 stage  $2 home  $3 from  $4 to  $5 first number  $6 last number; null: any
-- name: range_numbers
select stage, lane, greatest(min(first), coalesce($5::int8, 1)), least(max(last), coalesce($6::int8, max(last)))
from core.journal
where ($1::int8 is null or stage = $1) and ($2::int8 is null or lane = $2)
	and ($3::timestamptz is null or at >= $3) and ($4::timestamptz is null or at <= $4)
	and ($5::int8 is null or last >= $5) and ($6::int8 is null or first <= $6)
group by stage, lane order by stage, lane
