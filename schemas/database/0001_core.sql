-- Schema core: what every stage shares.  Runs as the owner of the database.
--
-- Numbers in brackets are the promises of the design that a table serves.
-- A stage is a small number here (core.stage names them); so is a sub-state
-- (core.state names them, and a check compares them with schemas/states).

create schema core;

create table core.stage (
	stage	smallint primary key,
	name	text not null unique,
	journal	text not null unique
);
insert into core.stage values
	(0, 'intake', 'dossier.intake'), (1, 'verification', 'dossier.verification'),
	(2, 'lookup', 'dossier.lookup'), (3, 'fee', 'dossier.fee'),
	(4, 'casework', 'dossier.casework'), (5, 'dispatch', 'dossier.dispatch'),
	(6, 'tracking', 'dossier.notifications');

create table core.state (
	stage	smallint not null references core.stage,
	code	smallint not null,
	name	text not null,
	final	boolean not null default false,
	primary key (stage, code),
	unique (stage, name)
);
insert into core.state values
	(0, 0, 'none', false), (0, 1, 'registered', false), (0, 2, 'rejected', true), (0, 3, 'withdrawn', true),
	(1, 0, 'none', false), (1, 1, 'complete', false), (1, 2, 'incomplete', false),
	(2, 0, 'none', false), (2, 1, 'answered', false),
	(3, 0, 'none', false), (3, 1, 'deferred', false), (3, 2, 'waived', false), (3, 3, 'owed', false),
	(3, 4, 'paid', false), (3, 5, 'expired', true), (3, 6, 'cancelled', true), (3, 7, 'refunding', false),
	(3, 8, 'refunded', true),
	(4, 0, 'none', false), (4, 1, 'open', false), (4, 2, 'supplement', false), (4, 3, 'accepted', false),
	(4, 4, 'refused', true), (4, 5, 'decided', false), (4, 6, 'stopped', true), (4, 7, 'withdrawn', true), (4, 8, 'processing', false),
	(5, 0, 'none', false), (5, 1, 'released', true), (5, 2, 'counter', false), (5, 3, 'handed_over', true),
	(5, 4, 'ordering', false), (5, 5, 'placed', false), (5, 6, 'posted', false), (5, 7, 'in_transit', false),
	(5, 8, 'attempt_failed', false), (5, 9, 'returned', true), (5, 10, 'delivered', true), (5, 11, 'failed', true),
	(6, 0, 'none', false), (6, 1, 'following', false);

-- One lane (stage, partition): who may write it, and how far it has come. [2 3 4 8 9 10]
-- Arrays run over the stage's topics in the order of its subscription, lead first.
create table core.lane (
	stage		smallint not null references core.stage,
	lane		integer not null check (lane >= 0),
	epoch		bigint not null default 0,	-- raised by every claim
	owner		text,				-- null: given back in good order
	owner_version	text,
	claimed_at	timestamptz,
	born_at		timestamptz not null default now(), -- tracking tells nobody about what is older
	unclean		integer not null default 0,	-- ends without release at this position, in a row
	unclean_at	bigint[],
	begun		boolean not null default false,	-- the owner has got through its claim
	step_note	text,				-- what was being tried, one at a time, when the owner died
	next_offset	bigint[] not null,
	read_to		bigint[] not null,		-- broker time read up to, microseconds since 1970
	seen		bigint[] not null,		-- last journal number taken, 0 for outside topics
	seen_hash	bytea not null,			-- 32 bytes a topic
	given		bigint not null default 0,	-- last journal number given
	given_hash	bytea not null default decode(repeat('00', 32), 'hex'),
	acked		bigint not null default 0,	-- contiguous prefix that the broker has acknowledged
	acked_offset	bigint not null default -1,	-- topic offset of its last entry
	job_ord		bigint not null default 0,
	turns		bigint not null default 0,	-- batches committed; tells what became of a lost commit
	taken		bigint not null default 0,
	handed_in	bigint not null default 0,
	ordered		bigint not null default 0,
	done		bigint not null default 0,
	repeated	bigint not null default 0,
	dead		bigint not null default 0,
	handed_out	bigint not null default 0,
	waiting		bigint not null default 0,
	parked		bigint not null default 0,
	primary key (stage, lane),
	constraint lane_balance check (taken + handed_in + ordered = done + repeated + dead + handed_out + waiting + parked)
) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- The fold of the journals: one row a dossier. [1 5 6]
-- No index on what changes, and room on the page: updates stay on it (HOT).
create table core.dossier (
	id		uuid primary key,
	home		integer not null,
	version		integer not null,
	round		integer not null,
	intake		smallint not null check (intake between 0 and 3),
	verification	smallint not null check (verification between 0 and 2),
	lookup		smallint not null check (lookup between 0 and 1),
	fee		smallint not null check (fee between 0 and 8),
	casework	smallint not null check (casework between 0 and 8),
	dispatch	smallint not null check (dispatch between 0 and 11),
	tracking	smallint not null check (tracking between 0 and 1),
	code		text unique,
	source		text not null,
	submission	text not null,
	digest		bytea not null,
	received_at	timestamptz not null,
	procedure	text,
	procedure_version integer,
	case_code	text,
	agency		text,
	level		text,
	channel		text,
	applicant_kind	text,
	language	text,
	rule_set	bytea,
	exemption	text,
	delivery	text,
	missing		text,			-- JSON array of component codes
	accepted_at	timestamptz,
	due_at		timestamptz,
	overdue		boolean not null default false,
	supplements	integer not null default 0,
	phi		bigint,
	le_phi		bigint,
	amount		bigint,
	fee_order	text,
	expires_at	timestamptz,		-- of what is being waited for: payment, supplement
	result		text,
	document	text,			-- JSON: where the result is, and its digest
	parcel		text,
	item_code	text,
	reason		text,
	citation	text,
	errors		text,			-- JSON array, of a rejected submission
	updated_at	timestamptz not null,
	inputs		bytea not null default '',	-- 16-byte digests of outside messages taken
	trail		bytea not null default ''	-- 9 bytes a version: stage, journal number
) with (fillfactor = 35, toast_tuple_target = 8000);

-- What the applicant and the officers sent: exact bytes, with the salt of their digest. [13]
create table core.content (
	dossier	uuid not null,
	version	integer not null,	-- of the event that took it
	round	integer not null,
	kind	text not null check (kind in ('submission', 'supplement', 'delivery', 'note', 'rejected')),
	salt	bytea not null,
	body	bytea not null,
	primary key (dossier, version)
);
alter table core.content alter column body set compression lz4;

-- The journals in blocks: one row a lane and batch, the entries' exact bytes. [4]
create table core.journal (
	stage	smallint not null,
	lane	integer not null,
	first	bigint not null,
	last	bigint not null check (last >= first),
	at	timestamptz not null,
	head	bytea not null,		-- chain hash of the last entry
	entries	bytea not null
) partition by range (at);
alter table core.journal alter column entries set compression lz4;
create index journal_last on core.journal (stage, lane, last);
create table core.journal_rest partition of core.journal default;
do $$
declare
	month date := date '2026-07-01';
begin
	while month < date '2028-01-01' loop
		execute format('create table core.journal_%s partition of core.journal for values from (%L) to (%L)',
		    to_char(month, 'YYYYMM'), month, (month + interval '1 month')::date);
		month := (month + interval '1 month')::date;
	end loop;
end $$;

-- Anything unfinished of a lane. [7 8 9 10]
-- due_at: when to try; infinity: behind another of its dossier; null: parked.
-- kind 0 message, 1 effect, 2 timer, 3 hand-over not yet taken by its lane.
create table core.job (
	stage		smallint not null,
	lane		integer not null,
	origin		integer not null,	-- the lane that wrote it; another one's for hand-overs
	ord		bigint not null,
	kind		smallint not null check (kind between 0 and 3),
	dossier		uuid,
	due_at		timestamptz,
	attempts	integer not null default 0,
	purpose		text,
	reason		text,
	parked		boolean not null default false,	-- counted so, also when an operator has made it due
	created_at	timestamptz not null default now(),
	message		bytea not null,
	primary key (stage, lane, origin, ord)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
-- due_at before lane: a look-up by key must find nothing to prefer here to the primary key.
create index job_due on core.job (stage, due_at, lane) where kind <> 2;
create index job_timer on core.job (stage, due_at, lane) where kind = 2;
create index job_dossier on core.job (dossier, stage);

-- What could not be read, byte for byte. [10]
create table core.deadletter (
	stage		smallint not null,
	topic		text not null,
	partition	integer not null,
	"offset"	bigint not null,
	at		timestamptz not null,
	reason		text not null,
	message		bytea not null,		-- key, headers, value, length-prefixed
	digest		bytea not null,
	announced	boolean not null default false,
	primary key (topic, partition, "offset", stage)
);
create index deadletter_unannounced on core.deadletter (stage, partition) where not announced;

-- Serial numbers of dossier codes, taken in blocks; gaps are burnt.
create table core.serial (
	agency	text not null,
	day	date not null,
	next	bigint not null,
	primary key (agency, day)
) with (fillfactor = 20);

-- Law as data. [12]
create table core.catalogue (
	kind		text not null check (kind in ('procedure', 'agency')),
	code		text not null,
	version		integer not null,
	effective_from	date not null,
	effective_to	date,
	digest		bytea not null,
	body		text not null,
	primary key (kind, code, version)
);
create table core.calendar (
	year	integer primary key,
	digest	bytea not null,
	body	text not null
);

-- Initials of a name, for lists that people read: "N.V.A."
create function core.initials(name text) returns text
language sql immutable as $$
	select string_agg(upper(left(word, 1)), '.') || '.'
	from unnest(regexp_split_to_array(trim(name), '\s+')) word where word <> ''
$$;

-- One dossier a line, sub-states by name, nothing personal but initials.
create view core.dossier_list as
select d.id, d.code, d.home, d.version, d.round, d.procedure, d.agency, d.channel,
    s0.name as intake, s1.name as verification, s2.name as lookup, s3.name as fee,
    s4.name as casework, s5.name as dispatch, s6.name as tracking,
    d.received_at, d.accepted_at, d.due_at, d.overdue, d.amount, d.phi, d.le_phi, d.delivery, d.result,
    d.reason, d.missing, d.item_code, d.updated_at,
    (select core.initials(convert_from(c.body, 'UTF8')::json -> 'applicant' ->> 'name')
     from core.content c where c.dossier = d.id and c.kind = 'submission' limit 1) as initials
from core.dossier d
join core.state s0 on s0.stage = 0 and s0.code = d.intake
join core.state s1 on s1.stage = 1 and s1.code = d.verification
join core.state s2 on s2.stage = 2 and s2.code = d.lookup
join core.state s3 on s3.stage = 3 and s3.code = d.fee
join core.state s4 on s4.stage = 4 and s4.code = d.casework
join core.state s5 on s5.stage = 5 and s5.code = d.dispatch
join core.state s6 on s6.stage = 6 and s6.code = d.tracking;
