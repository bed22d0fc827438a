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
