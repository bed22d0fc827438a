-- Look-ups of core.job have one index each that they can go by.
--
-- The table is often nearly empty when it is vacuumed or analyzed, and then all indexes look alike to the planner: with a
-- stage in its second place the index of dossiers was walked from end to end for keys that the primary key names.
-- Workers of the release before go by the new index as well.

create index job_of on core.job (dossier);
drop index core.job_dossier;
