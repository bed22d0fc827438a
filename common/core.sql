-- Statements of the skeleton on schema core.  All are prepared by every worker.

-- name: schema_version
-- The last migration, and the oldest schema that a program must know to work here. The first to be prepared, so
-- that it can be asked when another finds something missing.
select coalesce((select max(version) from dossier_meta.migration), 0)::integer,
	coalesce((select max(version) from dossier_meta.needs), 0)::integer

-- name: clock
-- The clock that decides what is due.
select now()

-- name: lane_claim
-- Take a lane over: raise its epoch (promise 2).  No row: there is none, or somebody has it locked, an old owner perhaps.
-- An end is unclean when the owner had begun and did not release; a claim that failed says nothing.
-- $1 stage, $2 lane, $3 owner, $4 its release. One row, or none; lane_exists tells which.
with free as (select stage, lane from core.lane where stage = $1::smallint and lane = $2::integer for update skip locked)
update core.lane l set
	epoch = epoch + 1, owner = $3::text, owner_version = $4::text, claimed_at = now(), begun = false,
	unclean = case when owner is null then 0 when not begun then unclean
		when unclean_at = next_offset then unclean + 1 else 1 end,
	unclean_at = case when owner is null then null when not begun then unclean_at else next_offset end
from free where l.stage = free.stage and l.lane = free.lane
returning epoch, next_offset, read_to, seen, seen_hash, given, given_hash, acked, acked_offset, job_ord, turns,
	taken, handed_in, ordered, done, repeated, dead, handed_out, waiting, parked, unclean, step_note, born_at, claimed_at

-- name: end_stopped
-- Ends sessions of this role that have stood in the midst of a pipeline for longer than any program lets them: theirs has been
-- stopped while it was sending (promise 11). Such a session is not idle in the server's eyes, so no time-out of the server's ends
-- it, and it keeps its locks. A program that goes on after all asks what became of its commit.
select count(pg_terminate_backend(pid)) from pg_stat_activity
where usename = current_user and datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
	and state = 'active' and wait_event = 'ClientRead' and state_change < now() - interval '6 s'

-- name: lane_exists
-- $1 stage, $2 lane
select from core.lane where stage = $1::smallint and lane = $2::integer

-- name: lane_free
-- Which of these lanes nobody has locked at this moment.
-- $1 stage, $2 lanes
select lane from core.lane where stage = $1::smallint and lane = any($2::integer[]) order by lane for update skip locked

-- name: lane_begin
-- The claim is complete: from here on an end without release counts.
update core.lane set begun = true, step_note = null, alive_at = now() where stage = $1::smallint and lane = $2::integer and epoch = $3::bigint

-- name: job_recall
-- What the owner before was asking the outside about, nobody asks any more: it is due at once.
-- $1 stage, $2 lane, $3 epoch
update core.job set due_at = now()
where stage = $1::smallint and lane = $2::integer and kind = 0 and reason = 'asking' and due_at > now() and due_at < 'infinity'
	and exists (select from core.lane where stage = $1::smallint and lane = $2::integer and epoch = $3::bigint)

-- name: job_suspect
-- After an unclean end (promise 9): what the dead owner said it was trying becomes suspect and waits a moment; what was
-- suspect and was not being tried then has an alibi.  One that has now killed three times is shown.
-- $1 stage, $2 lane, $3 epoch, $4 what was being tried: "2 job 3/17, 1 message …", how often it would have killed, and its name
with tried as (select split_part(e, ' ', 1)::smallint as kills, split_part(e, ' ', 3) as name
	from unnest(string_to_array($4::text, ', ')) e where split_part(e, ' ', 2) = 'job')
update core.job j set suspect = coalesce(o.kills, 0),
	due_at = case when o.kills < 3 then greatest(o.due_at, now() + interval '3 s') else o.due_at end
from (select k.origin, k.ord, k.due_at, k.suspect, t.kills from core.job k left join tried t on t.name = k.origin || '/' || k.ord
	where k.stage = $1::smallint and k.lane = $2::integer and k.due_at < 'infinity') o
where j.stage = $1::smallint and j.lane = $2::integer and j.origin = o.origin and j.ord = o.ord
	and (o.suspect > 0 or o.kills is not null)
	and exists (select from core.lane where stage = $1::smallint and lane = $2::integer and epoch = $3::bigint)
returning j.origin, j.ord, coalesce(o.kills >= 3, false)

-- name: job_appeal
-- What was parked because its worker died is tried once more, alone, when the lane has been calm for long.
-- $1 stage, $2 lanes
update core.job set due_at = now() where stage = $1::smallint and lane = any($2::integer[]) and due_at is null and reason like 'kills:%'

-- name: lane_release
-- Give a lane back in good order.  Not where the table knows less than the broker has: commits are lost, and that must stay seen.
-- $1 stage, $2 lane, $3 epoch, $4 acked, $5 acked_offset, $6 read_to
update core.lane set owner = null, acked = $4::bigint, acked_offset = $5::bigint, read_to = $6::bigint[], step_note = null
where stage = $1::smallint and lane = $2::integer and epoch = $3::bigint and given >= $4::bigint

-- name: server_since
-- Since when this server runs: another one, or the same after a restart, answers otherwise.
select pg_postmaster_start_time()

-- name: lane_given
-- What every lane of every stage has given, and up to where the broker was known to have it.
select stage, lane, given, acked, acked_offset, given_hash from core.lane order by stage, lane

-- name: lane_fence
-- First statement of every batch: lock the lanes and show whose they are and where they stand.
-- Also asks, after a lost commit answer, what became of it: it waits for the old transaction.
-- $1 stage, $2 lanes
select lane, epoch, next_offset, turns, now(), owner from core.lane
where stage = $1::smallint and lane = any($2::integer[]) order by lane for update

-- name: lane_save
-- Last but one statement of every batch; the lanes are locked, so each row changes once. Arrays within arrays come as texts.
update core.lane l set next_offset = u.next_offset::bigint[], read_to = u.read_to::bigint[], seen = u.seen::bigint[],
	seen_hash = u.seen_hash, given = u.given, given_hash = u.given_hash, acked = u.acked, acked_offset = u.acked_offset,
	job_ord = u.job_ord, turns = u.turns, taken = u.taken, handed_in = u.handed_in, ordered = u.ordered, done = u.done,
	repeated = u.repeated, dead = u.dead, handed_out = u.handed_out, waiting = u.waiting, parked = u.parked,
	unclean = u.unclean, step_note = null, alive_at = now()
from unnest($2::integer[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::bigint[], $9::bytea[], $10::bigint[],
	$11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[],
	$19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::integer[])
	as u(lane, epoch, next_offset, read_to, seen, seen_hash, given, given_hash, acked, acked_offset, job_ord, turns, taken,
	handed_in, ordered, done, repeated, dead, handed_out, waiting, parked, unclean)
where l.stage = $1::smallint and l.lane = u.lane and l.epoch = u.epoch

-- name: lane_note
-- What is about to be tried, in case it kills the process (promise 9).  It has to outlive the process, not the server: so
-- nobody waits for the disk.
-- $1 stage, $2 lanes, $3 their epochs, $4 what
update core.lane l set step_note = u.note from unnest($2::integer[], $3::bigint[], $4::text[]) as u(lane, epoch, note)
where l.stage = $1::smallint and l.lane = u.lane and l.epoch = u.epoch
	and set_config('synchronous_commit', 'off', true) = 'off'

-- name: lane_tell
-- Why lanes do not go on, for operators; written when it changes, and decides nothing.
-- $1 stage, $2 lanes, $3 their epochs, $4 their notes
update core.lane l set note = u.note, note_at = now(), note_epoch = u.epoch
from unnest($2::integer[], $3::bigint[], $4::text[]) as u(lane, epoch, note)
where l.stage = $1::smallint and l.lane = u.lane and l.epoch = u.epoch

-- name: stage_paused
-- $1 stage. One row when an operator has paused it.
select since from core.pause where stage = $1::smallint

-- name: lane_read_to
-- How far in time the lanes of a stage have read: the least over their topics.
-- $1 stage
select min(least) from (select (select min(t) from unnest(l.read_to) t) as least from core.lane l where l.stage = $1::smallint) x

-- name: dossier_lock
-- $1 ids. Locks in the order of ids, so that stages never wait in a circle (promise 5). The last column is the row's
-- place, of the version that was locked: until this transaction ends nobody else moves it (dossier_save).
select id, home, code, source, submission, digest, received_at, procedure, procedure_version, case_code, agency, level, channel,
	applicant_kind, language, rule_set, exemption, errors, version, round, intake, verification, lookup, fee, casework,
	dispatch, tracking, delivery, missing, accepted_at, due_at, overdue, supplements, phi, le_phi, amount, fee_order,
	expires_at, result, document, parcel, item_code, reason, citation, updated_at, inputs, trail, ctid
from core.dossier where id = any($1::uuid[]) order by id for update

-- name: dossier_lock_free
-- Of dossiers that somebody else had locked for long, those that are free by now; it does not wait.
-- $1 ids
select id, home, code, source, submission, digest, received_at, procedure, procedure_version, case_code, agency, level, channel,
	applicant_kind, language, rule_set, exemption, errors, version, round, intake, verification, lookup, fee, casework,
	dispatch, tracking, delivery, missing, accepted_at, due_at, overdue, supplements, phi, le_phi, amount, fee_order,
	expires_at, result, document, parcel, item_code, reason, citation, updated_at, inputs, trail, ctid
from core.dossier where id = any($1::uuid[]) order by id for update skip locked

-- name: dossier_load
-- The same, as committed, without a lock.
select id, home, code, source, submission, digest, received_at, procedure, procedure_version, case_code, agency, level, channel,
	applicant_kind, language, rule_set, exemption, errors, version, round, intake, verification, lookup, fee, casework,
	dispatch, tracking, delivery, missing, accepted_at, due_at, overdue, supplements, phi, le_phi, amount, fee_order,
	expires_at, result, document, parcel, item_code, reason, citation, updated_at, inputs, trail
from core.dossier where id = any($1::uuid[])

-- name: dossier_insert
-- New dossiers. Two lanes that meet the same id at once: the loser fails here and takes its turn again (promise 3).
insert into core.dossier (id, home, code, source, submission, digest, received_at, procedure, procedure_version, case_code, agency,
	level, channel, applicant_kind, language, rule_set, exemption, errors, version, round, intake, verification, lookup, fee,
	casework, dispatch, tracking, delivery, missing, accepted_at, due_at, overdue, supplements, phi, le_phi, amount, fee_order,
	expires_at, result, document, parcel, item_code, reason, citation, updated_at, inputs, trail)
select * from unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::timestamptz[], $8::text[],
	$9::integer[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bytea[], $17::text[],
	$18::text[], $19::integer[], $20::integer[], $21::smallint[], $22::smallint[], $23::smallint[], $24::smallint[],
	$25::smallint[], $26::smallint[], $27::smallint[], $28::text[], $29::text[], $30::timestamptz[], $31::timestamptz[],
	$32::boolean[], $33::integer[], $34::bigint[], $35::bigint[], $36::bigint[], $37::text[], $38::timestamptz[], $39::text[],
	$40::text[], $41::text[], $42::text[], $43::text[], $44::text[], $45::timestamptz[], $46::bytea[], $47::bytea[])

-- name: content_load
-- $1 ids. What was sent for these dossiers, oldest first.
select dossier, version, round, kind, salt, body from core.content where dossier = any($1::uuid[]) order by dossier, version

-- name: content_insert
insert into core.content (dossier, version, round, kind, salt, body)
select * from unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::bytea[], $6::bytea[])

-- name: journal_insert
-- One block a lane and batch.
insert into core.journal (stage, lane, first, last, at, head, entries)
select $1::smallint, u.* from unnest($2::integer[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::bytea[], $7::bytea[]) u

-- name: journal_tail
-- $1 stage, $2 lane, $3 number: the blocks that hold what comes after it, and the one before them for its head.
with start as (select first from core.journal where stage = $1::smallint and lane = $2::integer and last > $3::bigint order by last limit 1)
select j.first, j.last, j.head, case when j.last > $3::bigint then j.entries end
from core.journal j, start where j.stage = $1::smallint and j.lane = $2::integer and j.last >= start.first - 1 order by j.last

-- name: job_due
-- $1 stage, $2 lanes, $3 at most of each lane, so that no lane starves another
-- The last column: a message for an unknown dossier that intake may still bring forth.
-- A hand-over does not overtake one of its dossier and lane of origin that was set apart, and is tried later or alone, nor one
-- that is held back itself: up to it, they have to come due in their order.
select j.lane, j.origin, j.ord, j.kind, j.dossier, j.due_at, j.attempts, j.purpose, j.reason, j.created_at, j.message, j.parked, j.suspect,
	case when j.reason = 'unknown_dossier' then core.intake_brings(j.dossier) else false end
from unnest($2::integer[]) l(lane) cross join lateral (
	select * from core.job d where stage = $1::smallint and lane = l.lane and kind <> 2 and due_at <= now()
		and (kind <> 3 or not exists (select from (
			select o.ord, o.due_at, o.suspect, max(o.due_at) over (order by o.ord rows between unbounded preceding and 1 preceding) as latest
			from core.job o where o.dossier = d.dossier and o.stage = d.stage and o.lane = d.lane and o.kind = 3
				and o.origin = d.origin and o.ord <= d.ord) q
			where q.due_at < q.latest or (q.ord < d.ord and (q.due_at is null or q.suspect <> 0))))
	order by due_at, ord limit $3::integer) j

-- name: job_timers
-- Timers that may fire (promise 8): every lane of the stage has read past them, and nothing of their dossier waits.
-- $1 stage, $2 lanes, $3 at most of each lane, $4 clock skew in microseconds
select j.lane, j.origin, j.ord, j.kind, j.dossier, j.due_at, j.attempts, j.purpose, j.reason, j.created_at, j.message, j.parked, j.suspect
from unnest($2::integer[]) l(lane) cross join lateral (
	select * from core.job t where t.stage = $1::smallint and t.lane = l.lane and t.kind = 2 and t.due_at <= now()
		and t.due_at < (select to_timestamp((min(r.least) - $4::bigint) / 1e6) from
			(select (select min(x) from unnest(o.read_to) x) as least from core.lane o where o.stage = $1::smallint) r)
		and not exists (select from core.job w where w.stage::integer = $1::smallint and w.dossier = t.dossier and w.kind in (0, 3))
	order by due_at, ord limit $3::integer) j

-- name: job_ready
-- $1 stage, $2 dossiers: their waiting messages, because what they waited for has come. Found by their dossiers: the cast
-- keeps the stage from being looked up.
select lane, origin, ord, kind, dossier, due_at, attempts, purpose, reason, created_at, message, parked, suspect from core.job
where stage::integer = $1::smallint and dossier = any($2::uuid[]) and kind = 0 and due_at < 'infinity'

-- name: job_of
-- $1 stage, $2 dossiers: what of them is unfinished at this stage; effects never queue.
-- The last column: it came on the stage's first topic, which a packed message begins with.
select lane, origin, ord, kind, dossier, due_at, parked, kind = 0 and substring(message, 1, 8) = int8send(0) from core.job
where stage::integer = $1::smallint and dossier = any($2::uuid[]) and kind <> 1 order by dossier, kind, ord

-- name: job_insert
insert into core.job (stage, lane, origin, ord, kind, dossier, due_at, attempts, purpose, reason, message, suspect, parked)
select $1::smallint, u.*, u.due_at is null from unnest($2::integer[], $3::integer[], $4::bigint[], $5::smallint[], $6::uuid[],
	$7::timestamptz[], $8::integer[], $9::text[], $10::text[], $11::bytea[], $12::smallint[])
	as u(lane, origin, ord, kind, dossier, due_at, attempts, purpose, reason, message, suspect)

-- name: job_update
-- Without a due time it is parked.
-- The planner may believe that there are no rows: that every key is looked up, and no row of the stage against every key
-- (26 ms for 157 of them), is left to no estimate. A key's stage is known only when the key is.
update core.job j set due_at = u.due_at, attempts = u.attempts, reason = u.reason, suspect = u.suspect, parked = u.due_at is null
from (select $1::smallint as stage, k.* from unnest($2::integer[], $3::integer[], $4::bigint[], $5::timestamptz[], $6::integer[],
	$7::text[], $8::smallint[]) as k(lane, origin, ord, due_at, attempts, reason, suspect) offset 0) u
where j.stage = any(array[u.stage]) and j.lane = u.lane and j.origin = u.origin and j.ord = u.ord

-- name: job_delete
-- As above.
delete from core.job j using (select $1::smallint as stage, k.* from unnest($2::integer[], $3::integer[], $4::bigint[])
	as k(lane, origin, ord) offset 0) u
where j.stage = any(array[u.stage]) and j.lane = u.lane and j.origin = u.origin and j.ord = u.ord

-- name: deadletter_insert
-- One that was tried again and is dead after all stands again, its attempt counted.
insert into core.deadletter as d (stage, topic, partition, "offset", at, reason, message, digest, lane)
select $1::smallint, u.* from unnest($2::text[], $3::integer[], $4::bigint[], $5::timestamptz[], $6::text[], $7::bytea[], $8::bytea[],
	$9::integer[]) u
on conflict (topic, partition, "offset", stage) do update set redrives = d.redrives + (d.redrive_at is not null)::integer,
	redrive_at = null, redriven_at = null, reason = excluded.reason, lane = excluded.lane,
	announced = d.announced and d.reason = excluded.reason
where d.redrive_at is not null or d.redriven_at is not null

-- name: deadletter_due
-- Those that an operator wants tried again, in the order in which they were asked for.
-- $1 stage, $2 lanes, $3 at most of each lane
-- The last column: intake may still bring forth a dossier that is not there.
select l.lane, d.topic, d.partition, d."offset", d.at, d.message, core.intake_brings(null)
from unnest($2::integer[]) l(lane) cross join lateral (
	select * from core.deadletter where stage = $1::smallint and coalesce(lane, partition) = l.lane and redrive_at is not null
	order by redrive_at limit $3::integer) d

-- name: deadletter_redriven
-- They are dead no more; those that are went through deadletter_insert.
update core.deadletter d set redrive_at = null, redrives = d.redrives + 1, redriven_at = now()
from unnest($2::text[], $3::integer[], $4::bigint[]) as u(topic, partition, "offset")
where d.stage = $1::smallint and d.topic = u.topic and d.partition = u.partition and d."offset" = u."offset"

-- name: deadletter_unannounced
-- $1 stage, $2 lane
select topic, partition, "offset", at, reason, digest, length(message) from core.deadletter
where stage = $1::smallint and coalesce(lane, partition) = $2::integer and not announced order by topic, "offset" limit 100

-- name: deadletter_announced
update core.deadletter d set announced = true from unnest($2::text[], $3::integer[], $4::bigint[]) as u(topic, partition, "offset")
where d.stage = $1::smallint and d.topic = u.topic and d.partition = u.partition and d."offset" = u."offset"
