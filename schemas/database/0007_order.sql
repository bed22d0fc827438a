-- The columns of core.dossier in another order: what is written once first, what changes with every version last.
--
-- When a new version stands on the page of the one before, the log of PostgreSQL leaves out what both begin with. With the version
-- in third place that was 20 bytes, and 300 that never change were written again with each of a dossier's eight to fourteen versions.
-- Every statement names its columns, so programs of the release before go on as they are. The table is written anew: a minute
-- for a million dossiers, in which workers wait.

lock table core.dossier;
alter table core.dossier rename to dossier_before;
alter index core.dossier_pkey rename to dossier_before_pkey;
alter index core.dossier_code_key rename to dossier_before_code_key;

-- The fold of the journals: one row a dossier. [1 5 6]
-- No index on what changes, and room on the page: updates stay on it (HOT).
create table core.dossier (
	id		uuid primary key,
	home		integer not null,
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
	errors		text,			-- JSON array, of a rejected submission
	delivery	text,
	missing		text,			-- JSON array of component codes
	phi		bigint,
	le_phi		bigint,
	amount		bigint,
	fee_order	text,
	accepted_at	timestamptz,
	supplements	integer not null default 0,
	due_at		timestamptz,
	overdue		boolean not null default false,
	reason		text,
	citation	text,
	expires_at	timestamptz,			-- of what is being waited for: payment, supplement
	result		text,
	document	text,			-- JSON: where the result is, and its digest
	parcel		text,
	item_code	text,
	round		integer not null,
	inputs		bytea not null default '',	-- 16-byte digests of outside messages taken
	version		integer not null,
	updated_at	timestamptz not null,
	intake		smallint not null check (intake between 0 and 3),
	verification	smallint not null check (verification between 0 and 2),
	lookup		smallint not null check (lookup between 0 and 1),
	fee		smallint not null check (fee between 0 and 8),
	casework	smallint not null check (casework between 0 and 8),
	dispatch	smallint not null check (dispatch between 0 and 11),
	tracking	smallint not null check (tracking between 0 and 1),
	trail		bytea not null default ''	-- 9 bytes a version: stage, journal number
) with (fillfactor = 35, toast_tuple_target = 8000);

insert into core.dossier (
	id, home, code, source, submission, digest, received_at, procedure, procedure_version, case_code, agency,
	level, channel, applicant_kind, language, rule_set, exemption, errors, delivery, missing, phi, le_phi,
	amount, fee_order, accepted_at, supplements, due_at, overdue, reason, citation, expires_at, result, document,
	parcel, item_code, round, inputs, version, updated_at, intake, verification, lookup, fee, casework, dispatch,
	tracking, trail)
select
	id, home, code, source, submission, digest, received_at, procedure, procedure_version, case_code, agency,
	level, channel, applicant_kind, language, rule_set, exemption, errors, delivery, missing, phi, le_phi,
	amount, fee_order, accepted_at, supplements, due_at, overdue, reason, citation, expires_at, result, document,
	parcel, item_code, round, inputs, version, updated_at, intake, verification, lookup, fee, casework, dispatch,
	tracking, trail
from core.dossier_before;

drop view core.dossier_list;
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
drop table core.dossier_before;

do $$
declare
	r text;
begin
	foreach r in array array['intake', 'verification', 'lookup', 'fee', 'casework', 'dispatch', 'tracking'] loop
		execute format('grant select, update on core.dossier to %I', 'dossier_' || r);
		-- The name was taken when the table was made.
		execute format('alter table core.dossier rename constraint %I to %I', 'dossier_' || r || '_check1', 'dossier_' || r || '_check');
	end loop;
end $$;
grant insert on core.dossier to dossier_intake;
grant select on core.dossier, core.dossier_list to dossier_auditor, dossier_operator, dossier_agency;
