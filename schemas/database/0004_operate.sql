-- What operators do, recorded; what they ask of the workers; what the workers say of themselves.
--
-- It only adds: workers of the release before go on beside it.  They do not know of pauses and
-- redrives, and say nothing of themselves.

-- One row for each command that changed something: who, when, why. [10]
create table core.operation (
	id		bigint generated always as identity primary key,
	at		timestamptz not null default clock_timestamp(),
	who		text not null check (who <> ''),	-- as --who says, else the account
	account		text not null,				-- of the system: name@machine
	role		text not null default session_user,
	what		text not null,				-- the command: "parked release"
	why		text not null check (trim(why) <> ''),
	arguments	text not null,				-- JSON
	planned		bigint not null,
	done		bigint,					-- null: it did not come to its end
	ended_at	timestamptz
);

-- What it did it to, one row each.
create table core.operation_item (
	operation	bigint not null references core.operation,
	n		bigint not null,
	at		timestamptz not null default clock_timestamp(),
	stage		smallint not null references core.stage,
	lane		integer not null,
	item		text not null,		-- a job origin/ord, a place topic/partition/offset, numbers from-to
	dossier		uuid,
	reason		text,			-- why it had been set aside
	primary key (operation, n)
);

-- A stage that stands here takes nothing new; its workers look several times a second.
create table core.pause (
	stage		smallint primary key references core.stage,
	since		timestamptz not null default clock_timestamp(),
	operation	bigint not null references core.operation
);

-- What a lane's owner says of it; nothing that decides anything.
alter table core.lane
	add column alive_at	timestamptz,	-- when its owner committed last
	add column note		text,		-- why it does not go on; null: it does
	add column note_at	timestamptz,
	add column note_epoch	bigint;		-- whose note it is; one of another epoch is void

-- A dead letter may be tried again: its lane's owner takes the stored bytes as a message of their
-- first place and time.  What is taken stays here as evidence, with redriven_at; what is dead again
-- stands as before, with its attempt counted.
alter table core.deadletter
	add column lane		integer,	-- whose counter has it; null: that of its partition
	add column redrive_at	timestamptz,	-- asked for; their order is this
	add column redrive	bigint references core.operation,
	add column redrives	integer not null default 0,
	add column redriven_at	timestamptz;	-- taken: it is no dead letter any more
create index deadletter_redrive on core.deadletter (stage, (coalesce(lane, partition)), redrive_at) where redrive_at is not null;

-- As before; and a submission that is about to be tried again may bring it forth too. [8]
create or replace function core.intake_brings(id uuid) returns boolean
language sql stable security definer set search_path = core as $$
	select exists (select from core.job where stage = 0 and dossier = id and kind in (0, 3)
			and coalesce(reason, '') not in ('unknown_dossier', 'behind'))
		or exists (select from core.deadletter where stage = 0 and topic = 'dossier.submissions' and redrive_at is not null)
$$;

-- Nobody alters what is recorded; an operation is ended once.
alter table core.operation enable row level security;
create policy operation_read on core.operation for select using (true);
create policy operation_add on core.operation for insert with check (true);
create policy operation_end on core.operation for update using (ended_at is null) with check (true);

grant select on core.operation, core.operation_item, core.pause to dossier_auditor, dossier_operator;
grant insert (who, account, what, why, arguments, planned), update (done, ended_at) on core.operation to dossier_operator;
grant insert (operation, n, stage, lane, item, dossier, reason) on core.operation_item to dossier_operator;
grant insert (stage, operation), delete on core.pause to dossier_operator;
grant update (redrive_at, redrive) on core.deadletter to dossier_operator;
grant select on core.pause to dossier_intake, dossier_verification, dossier_lookup, dossier_fee, dossier_casework, dossier_dispatch,
	dossier_tracking;
