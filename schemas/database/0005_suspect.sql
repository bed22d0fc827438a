-- A job that was being tried when its worker died is tried alone the next time. [9]
--
-- It only adds: workers of the release before leave the column as it is, and go in steps as before.

alter table core.job add column suspect smallint not null default 0;
comment on column core.job.suspect is 'how often its worker has died while it was tried; above 0 it is tried alone';
