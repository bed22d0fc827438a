-- One role a worker, and what it may touch; plus auditors, operators, agencies.
--
-- A worker writes lanes, jobs and journal blocks of its own stage only: row
-- policies compare the stage with the role's name.  Nobody deletes a journal
-- entry, a dossier or a content.

do $$
declare
	r text;
begin
	foreach r in array array['intake', 'verification', 'lookup', 'fee', 'casework', 'dispatch', 'tracking',
	    'auditor', 'operator', 'agency'] loop
		if not exists (select from pg_roles where rolname = 'dossier_' || r) then
			execute format('create role %I login', 'dossier_' || r);
		end if;
		execute format('grant usage on schema core to %I', 'dossier_' || r);
		execute format('grant select on core.stage, core.state, core.catalogue, core.calendar, core.lane to %I', 'dossier_' || r);
	end loop;
end $$;

-- The stage whose worker is connected; null for anybody else.
create function core.my_stage() returns smallint
language sql stable as $$
	select stage from core.stage where 'dossier_' || name = current_user
$$;

alter table core.lane enable row level security;
alter table core.job enable row level security;
alter table core.journal enable row level security;
create policy lane_read on core.lane for select using (true);
create policy lane_write on core.lane for update using (stage = (select core.my_stage())) with check (stage = (select core.my_stage()));
create policy job_own on core.job using (stage = (select core.my_stage()) or pg_has_role(current_user, 'dossier_operator', 'member')
    or pg_has_role(current_user, 'dossier_auditor', 'member'));
create policy journal_read on core.journal for select using (true);
create policy journal_own on core.journal for insert with check (stage = (select core.my_stage()));

do $$
declare
	r text;
begin
	foreach r in array array['intake', 'verification', 'lookup', 'fee', 'casework', 'dispatch', 'tracking'] loop
		execute format('grant update on core.lane to %I', 'dossier_' || r);
		execute format('grant select, update on core.dossier to %I', 'dossier_' || r);
		execute format('grant select, insert, update, delete on core.job to %I', 'dossier_' || r);
		execute format('grant select, insert on core.journal to %I', 'dossier_' || r);
		execute format('grant select, insert, update on core.deadletter to %I', 'dossier_' || r);
		execute format('grant execute on function core.my_stage() to %I', 'dossier_' || r);
	end loop;
	-- Contents go only to who needs them for the work.
	foreach r in array array['intake', 'verification', 'lookup', 'fee', 'dispatch', 'tracking', 'casework'] loop
		execute format('grant select on core.content to %I', 'dossier_' || r);
	end loop;
end $$;

-- Of these dossiers, those of which something still waits at intake.  Casework asks before a
-- supplement's time is up: one that came in time must not be late because intake stood still. [8]
create function core.intake_waits(dossiers uuid[]) returns setof uuid
language sql stable security definer set search_path = core as $$
	select distinct dossier from core.job where stage = 0 and dossier = any(dossiers) and kind in (0, 3)
$$;
revoke execute on function core.intake_waits(uuid[]) from public;
grant execute on function core.intake_waits(uuid[]) to dossier_casework;

-- May intake still bring this dossier forth?  Requests that themselves wait for it do not count.
create function core.intake_brings(id uuid) returns boolean
language sql stable security definer set search_path = core as $$
	select exists (select from core.job where stage = 0 and dossier = id and kind in (0, 3)
		and coalesce(reason, '') not in ('unknown_dossier', 'behind'))
$$;
revoke execute on function core.intake_brings(uuid) from public;
grant execute on function core.intake_brings(uuid) to dossier_intake, dossier_fee, dossier_casework, dossier_dispatch,
	dossier_verification, dossier_lookup, dossier_tracking;

grant insert on core.dossier to dossier_intake;
grant insert on core.content to dossier_intake, dossier_casework;
grant select, insert, update on core.serial to dossier_intake;

grant usage on schema lookup to dossier_lookup, dossier_auditor, dossier_agency;
grant select, insert on lookup.evidence to dossier_lookup;
grant select on lookup.evidence to dossier_auditor, dossier_agency;
grant usage on schema fee to dossier_fee, dossier_auditor, dossier_operator;
grant select, insert, update on fee.order to dossier_fee;
grant select on fee.order to dossier_auditor, dossier_operator;
grant usage on schema dispatch to dossier_dispatch, dossier_auditor, dossier_operator;
grant select, insert, update on dispatch.parcel to dossier_dispatch;
grant select on dispatch.parcel to dossier_auditor, dossier_operator;

-- Auditors read everything but contents; operators too, and they mend jobs.
grant select on core.dossier, core.journal, core.job, core.deadletter, core.dossier_list, core.serial to dossier_auditor, dossier_operator;
grant update (due_at, attempts, reason) on core.job to dossier_operator;
grant update (announced) on core.deadletter to dossier_operator;
-- Agency software sees contents through an authorised read only.
grant select on core.dossier, core.dossier_list, core.content to dossier_agency;
