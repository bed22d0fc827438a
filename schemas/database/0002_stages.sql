-- The stages' own rows.  Those about money and parcels are folds of the
-- journals, like core.dossier: replaying rebuilds them exactly. [6]

create schema lookup;
create schema fee;
create schema dispatch;

-- What was asked of which register, for whom and on what basis, and what came of it.
create table lookup.evidence (
	dossier		uuid not null,
	round		integer not null,
	registry	text not null,
	subject		text not null,
	request_id	text not null,
	purpose		text not null,
	legal_basis	text not null,
	asked_at	timestamptz not null,
	outcome		text not null check (outcome in ('match', 'mismatch', 'not_found', 'unavailable')),
	fields		text,			-- JSON: which fields differ, never their values
	filled		text,			-- JSON: what the register supplied that was missing; contents
	primary key (dossier, round, registry, subject)
);

create table fee.order (
	order_id	text primary key,
	dossier		uuid not null,
	state		text not null check (state in ('ordered', 'placed', 'paid', 'expired', 'cancelled', 'refunding', 'refunded')),
	phi		bigint not null,
	le_phi		bigint not null,
	amount		bigint not null,
	citation	text,
	ordered_at	timestamptz not null,
	expires_at	timestamptz not null,
	paid_at		timestamptz,
	transaction_id	text,
	refund_id	text,
	refund_transaction text,
	unsure		boolean not null default false,
	version		integer not null
) with (fillfactor = 60);
create index order_dossier on fee.order (dossier);

create table dispatch.parcel (
	parcel_id	text primary key,
	dossier		uuid not null,
	state		text not null check (state in ('ordering', 'placed', 'posted', 'in_transit', 'attempt_failed', 'returned', 'delivered', 'failed')),
	item_code	text,
	ordered_at	timestamptz not null,
	updated_at	timestamptz not null,
	attempts	integer not null default 0,
	unsure		boolean not null default false,
	version		integer not null
) with (fillfactor = 60);
create index parcel_dossier on dispatch.parcel (dossier);
