/*
 * worker - the inside of the skeleton; private to common/worker_*.c.
 *
 * One process, one thread, one loop (worker_loop.c):
 *
 *     read       messages, and what wakes nobody       worker_hand.c
 *     receive    messages, due jobs, answers           worker_receive.c, worker_stored.c
 *     inquire    ask the outside, within a budget      worker_inquiry.c
 *     trip 1     fence lanes, lock dossiers            worker_turn.c
 *     decide     pure, on the locked rows              worker_decide.c
 *                what becomes of each job              worker_end.c
 *     trip 2     write, commit                         worker_write.c
 *     after      publish, start effects, log           worker_publish.c, worker_effect.c
 *
 * Lanes come and go in the rebalance callbacks (worker_claim.c), and stand
 * where their topics do not let them go on (worker_stand.c).
 */
#ifndef WORKER_H
#define WORKER_H

#include "breaker.h"
#include "core_stmt.h"
#include "dossier_save.h"
#include "journal.h"
#include "service.h"

/* Tags of a service's requests are not negative. */
enum { FLIGHT_TAG = -1 };

/* A loop that has not turned for so long is ended, and restarted by its supervisor. */
enum { HANG_S = 60 };

enum { EFFECT_TIMEOUT_MOST_MS = 60000 };

enum { PEERS_MAX = 8, ASKING_BUCKETS = 4096, FLIGHT_BUCKETS = 1024, FLYING_MAX = 256, BATCH_MAX = 500, STORED_MAX = 200, LANE_LIMIT = 1024,
    LOCKED_MAX = 64, CARE_MOST = 16, SPARE_MAX = BATCH_MAX + 1, ITEMS_MAX = 4 * BATCH_MAX };

struct settings {
	const char	*database, *broker, *group, *owner, *schemas, *log_level, *log_format, *http_ca;
	int64_t		batch, budget_ms, pause_ms, session_timeout_ms, message_timeout_ms, skew_ms, upkeep_ms;
	int64_t		effect_timeout_ms, appeal_ms, http_at_once, http_per_host, backlog, message_bytes, inquiries;
	const char	*listen;
	int64_t		catalogue_ms;
	bool		log_jobs;
};

/* Where a job comes from. */
enum side { SIDE_ITEMS, SIDE_FLIGHTS, SIDE_STORED, SIDES };

/* Names a job over turns, that failed alone. */
struct suspect {
	bool	known, stored;
	int	lane, topic;		/* topic, or origin of a stored one */
	int64_t	number;			/* offset, or ord */
	struct err why;
	bool	counts;			/* others had gone through since something failed so before */
};

/* More than one, because there may be one wherever jobs come from; the oldest gives way. */
struct suspects {
	struct suspect	all[8];
	int		next;
};

/* A dossier that somebody else has locked, and when it is tried again (span clock). */
struct locked {
	uint8_t		dossier[UUID_BYTES];
	int64_t		try_us;
};

/* What is in hand: a message, or a run of entries of one journal that wake nobody here. */
struct item {
	struct message	*message;	/* NULL: a run */
	struct place	place;		/* of the last one; a run's latest time */
	int64_t		epoch;		/* of its lane when it was read */
	int64_t		number;		/* of the last one in its journal, when it fits behind those before; 0: it does not */
	uint8_t		hash[DIGEST_BYTES];	/* of the journal's chain, with it */
	int		n;		/* so many; 0: dropped */
};

/* An inquiry and what only the skeleton knows of it. */
struct asking {
	struct inquiry	q;
	struct asking	*next;		/* in its bucket */
	int		lane;
	int64_t		started_us;	/* span clock */
	int		n_later;
	struct { int64_t due_us; int tag; } later[8];
	uint8_t		calls[PEERS_MAX];	/* under way, to each of the worker's peers */
	bool		announced;	/* complete, and its job has been called up */
	bool		called;		/* up in the turn that is being taken */
	bool		used;		/* decided upon in it */
};

/* An effect that this process is telling or asking, or has yet to begin. */
struct flight {
	struct flight	*next, **before;	/* in its list */
	struct flight	*chain;		/* in its bucket, by job */
	int		lane, origin;
	int64_t		epoch, ord;
	const struct effect *effect;
	struct job	job;		/* key and body in arena */
	struct arena	*arena;
	bool		asking;
	uint32_t	ticket;		/* of the peer's breaker */
	int64_t		not_after_us;	/* later than this it may not begin under its window */
	struct http_call *call;		/* when it has ended; NULL in held: not begun */
};

/* One that is asked or told, outside. */
struct peer {
	const char	*name;		/* static text; NULL: no more of them */
	int		n_asking;	/* inquiries with a call to it under way */
	int64_t		answered_us;	/* span clock: when it answered one of them, the last time */
	int64_t		answer_us;	/* from one answer to the next, some time ago … */
	int64_t		paced_us;	/* … counted anew since then */
	int		n_answers;
	int		failures;	/* in a row; the first was at since_us */
	int64_t		since_us, told_us;	/* span clock; told_us 0: it counts as answering */
	const char	*reason;	/* as it was told */
	int		status;
	int64_t		failed_us;	/* the last one */
	const struct breaker *breaker;	/* which judges: the service's, or effects'; NULL: there is none for it */
	enum breaker_state shown;	/* its state, as seen last */
	struct breaker	effects;
	int64_t		tried_us;	/* when one of them was let through to try it */
};

/* A growing list in the turn's arena. */
struct list {
	void	*items;
	int	n, size;
};

/* One dossier in a turn. */
struct entry {
	struct dossier	dos;
	struct dossier	before;		/* as it was locked … */
	uint8_t		place[TID_BYTES];	/* … and where */
	bool		exists;		/* as a row */
	bool		dirty;
	bool		is_new;
	bool		locked_out;	/* by somebody else: shown as committed, not to be touched */
	struct list	blocked;	/* struct blocked: messages of it that stay; those behind them wait */
	bool		waits;		/* some message of it waits somewhere at this stage */
	struct fold_rows rows;
	struct stored	*stored;	/* its unfinished messages, timer and hand-overs, in order */
	int		n_stored;
	bool		timer_set;	/* decide_timer was called … */
	time_us		timer_due;	/* … with this */
	struct entry	*next;		/* in the table's chain */
};

/* A row of core.job that trip 1 showed. */
struct stored {
	int		lane, origin, kind;
	int64_t		ord;
	time_us		due_at;
	bool		parked;
	bool		taken;		/* a job of this turn */
	bool		gone;		/* finished in this turn */
	bool		leads;		/* came on the stage's first topic: at intake, a submission */
};

struct blocked {
	int	lane;
	bool	leads;
};

struct job_row {
	const struct job *job;
	int		lane, origin, kind;
	int64_t		ord;
	time_us		due_at;
	int		attempts;
	struct text	purpose, reason, message;
	int		suspect;
	const uint8_t	*dossier;
};

struct content_row {
	const uint8_t	*dossier;
	int32_t		version, round;
	struct text	kind, salt, body;
};

struct row_of {
	const struct rowset	*set;
	const void		*row;
};

struct turn {
	struct worker	*worker;
	time_us		now;
	int64_t		began_us, gathered_us, locked_us, decided_us;	/* span clock */
	struct list	jobs;		/* struct job * */
	struct entry	**table;	/* by dossier, chained; table_size is a power of two */
	int		table_size;
	struct list	entries;	/* struct entry * */
	struct list	blocks;		/* struct lane_block */
	struct list	inserts, updates, deletes;	/* struct job_row */
	struct { int index; size_t n; } versions[2];	/* statements that save dossiers, and of how many */
	int		n_versions;
	struct list	contents;	/* struct content_row */
	struct list	rows;		/* struct row_of */
	struct list	dead;		/* struct job * */
	struct list	effects;	/* struct job_row: to start after the commit */
	time_us		read_to, intake_read_to;	/* of the stage's lanes; of intake's */
	time_us		locked_at;	/* not before the locks were had: windows of effects begin here */
	int		n_items, n_messages;	/* in hand, that this turn takes: all, and those that are jobs */
	int		n_rows;		/* stored jobs among them */
	bool		only_alone;	/* one job, suspect or parked, and nothing beside it */
};

struct worker {
	const struct service	*service;
	enum stage		stage;
	const char *const	*topics;
	int			n_topics;
	bool			is_journal[TOPICS_MAX];
	struct settings		set;
	struct param_set	params;
	char			*name, *owner;
	void			*state;
	struct catalogue	*catalogue;
	int64_t			law_seen_us, law_at_us;	/* when it was looked at, and is to be next */

	struct db		*db;
	struct dossier_save	save, save_all;	/* what its events change; everything */
	struct consumer		*consumer;
	struct producer		*producer;
	struct reader		*reader;
	struct http		*http;
	struct digest		*digest;
	struct arena		*arena;		/* of the turn */
	struct schema_set	*schemas;
	const struct schema	*contracts[16];	/* by row of service->outside */

	struct lane		*lanes[LANE_LIMIT];	/* by partition; NULL: never met */
	int			most_lane;
	struct suspects		refused;	/* by the database */
	int			few, singles;	/* jobs that are to go in small groups, and one at a time */
	int			n_empty;	/* turns in a row without a job meanwhile */
	struct suspects		slow;		/* too much for it */
	int64_t			through, through_before;	/* jobs done; by the last time that something was too much */
	enum side		step_side;	/* whose turn it is while stepping */
	size_t			items_bytes;
	bool			is_full;	/* reading pauses until what is under way has shrunk */
	bool			want_reassign;
	time_us			vetted_since;	/* since when the server runs that was found to know all that is published */
	bool			is_vetted;	/* the one behind this connection */
	bool			is_closing;	/* whatever the group still gives is not taken */
	int64_t			reclaim_at_us;
	int64_t			careful_until_us;	/* few at a time until then; 0: no need */
	int64_t			appeal_at_us;
	bool			alone_next;	/* the next turn is for a job that is tried alone */
	int64_t			claims_rest_us;	/* until then no lane is claimed */
	int64_t			locked_lane_us;	/* when one whose row is locked is tried again; 0: there is none */
	struct locked		locked[LOCKED_MAX];	/* dossiers that somebody else has locked for long */
	int			n_locked;
	bool			paused, pause_known;	/* by an operator */
	int64_t			pause_look_us;
	struct peer		peers[PEERS_MAX];
	struct err		failing;	/* why turns fail, since failing_us; 0: they do not */
	int64_t			failing_us, full_us, note_at_us;
	int			short_lane;	/* one of its topics has become shorter … */
	int64_t			missing_us;	/* since when a topic is said to be missing; 0: none is */
	struct err		short_why;	/* … when this says so: it is to stand */

	struct item		items[ITEMS_MAX];	/* in hand, in the order in which they came */
	int			n_items, n_messages, n_noted;	/* all; those with a message; entries in runs */
	int64_t			n_taken, noted_us;	/* items by all turns; since when there are runs */
	struct message		messages[SPARE_MAX], *spare[SPARE_MAX];
	int			n_spare;
	struct asking		**asking;	/* all inquiries, ASKING_BUCKETS by dossier */
	int			n_asking, n_ready;	/* of them; complete and not called up yet */
	int64_t			later_us;	/* when the next retry of one is due */
	int64_t			took_up_us;	/* span clock: when a turn began some, the last time */
	int64_t			n_answers;	/* to inquiries' calls, in all */
	int			n_used, n_called;	/* inquiries decided upon, called up, in the turn at hand */
	struct flight		*flying, *landed, *held, **held_end;	/* under way, ended, not begun: oldest first */
	struct flight		*flights[FLIGHT_BUCKETS];
	int			n_flying, n_landed, n_held;

	int64_t			renew_at_us, renew_ms;	/* when a spent producer may be renewed; pause after the next one */
	bool			publish_late;	/* lanes have to be sent again from their prefix */
	int			snapshots_pending;
	int64_t			snapshot_generation;
	bool			snapshot_failed;
	int64_t			due_poll_us, upkeep_at_us, tell_at_us, tick_at_us;
	int64_t			last_commit_us;
	bool			clock_known;
	int64_t			clock_ahead_us;	/* the database's clock, before our span clock */
	int64_t			turn_us, turn_ended_us;	/* of the last one that had work */
	struct err		fatal;		/* why the loop ends, when it is not a signal */
	int64_t			decided, batches;
	time_us			started_at;
	struct metrics		*metrics;
	struct meters		*meters;	/* worker_metric.c */
	struct watch		*watch;		/* worker_health.c */
};

/* worker_claim.c */
bool claim_lane(void *worker, int lane, int64_t *positions);
void revoke_lanes(void *worker, bool lost);
const int64_t *lane_positions(void *worker, int lane);
struct lane *owned_lane(const struct worker *w, int lane);
void release_all(struct worker *w);
void lanes_dropped(struct worker *w);	/* forget what was under way for lanes that are not ours any more */
ERR_CHECK enum fault connect_database(struct worker *w, struct err *err);
void give_back(struct worker *w, struct lane *lane);

/* worker_stand.c: lanes that cannot be read on */
ERR_CHECK enum fault check_positions(struct worker *w, const struct lane *lane, struct err *err);
void lane_stands(struct worker *w, int lane, const struct err *why);
void try_standing(struct worker *w);
bool topic_is_missing(const struct err *err);		/* the broker knows no such topic */
void topic_missing(struct worker *w, const struct err *err);

/* worker_schema.c */
enum fault schema_explain(struct worker *w, struct err *err);	/* why a statement cannot be prepared, when the schema is too old */
ERR_CHECK enum fault schema_compare(struct worker *w, struct err *err);

/* worker_vet.c */
ERR_CHECK enum fault vet_database(struct worker *w, struct err *err);

/* worker_hand.c: what has been read and is not decided yet */
void hand_init(struct worker *w);
struct message *hand_spare(struct worker *w);		/* where the next message goes; hand_take keeps it */
void hand_take(struct worker *w, struct lane *lane, struct message *m);
bool hand_has_room(const struct worker *w, int room);	/* for more, room of them messages that are jobs */
bool hand_is_due(const struct worker *w);		/* is it worth a turn? */
void hand_drop(struct worker *w, struct item *item);
void hand_done(struct worker *w, int n);
bool is_for_others(const struct worker *w, const struct record *record);

/* worker_receive.c */
void receive_item(struct turn *t, const struct item *item);
void receive_outside(struct turn *t, struct job *job);	/* envelope */
void receive_contents(struct turn *t);		/* of all jobs: contract, event, answer */
void receive_torn(struct turn *t, struct job *job, struct text packed);	/* more headers than a record has */
ERR_CHECK enum fault load_contracts(struct worker *w, struct err *err);

/* worker_stored.c */
ERR_CHECK enum fault receive_stored(struct turn *t, struct err *err);
int count_owned(const struct worker *w);
struct text job_pack(struct arena *arena, const struct job *job);

/* worker_redrive.c: dead letters that are tried again */
bool redrive_take(struct turn *t, const struct rows *rows, int r);
void redrive_write(struct turn *t);

/* worker_pause.c */
ERR_CHECK enum fault pause_look(struct worker *w, struct err *err);
int pause_queue(struct worker *w);
void pause_learn(struct worker *w, const struct rows *rows);

/* worker_note.c */
void note_standing(struct worker *w, const struct lane *lane, const struct err *why);	/* of a lane that nobody has now */
void notes_tell(struct worker *w);

/* worker_inquiry.c */
ERR_CHECK enum fault inquiries_begin(struct turn *t, struct err *err);
bool inquiries_catch_up(const struct worker *w);	/* may new messages wait for older ones? */
int64_t inquiry_number(const struct job *job);
struct asking *asking_find(struct worker *w, const uint8_t *dossier, int64_t number);
bool asking_is_complete(const struct asking *a);
void asking_free(struct worker *w, struct asking *a);
void asking_free_used(struct worker *w);	/* those that decided, after the commit */
void asking_keep_all(struct worker *w);		/* no, they did not */
void inquiries_forget(struct worker *w, bool all);	/* all, or those of lanes that are not ours */
void drive_http(struct worker *w, int wait_ms);
void drive_http_alone(struct worker *w, int wait_ms);	/* whatever the broker has */
int inquiry_ready(struct worker *w, const uint8_t (**ids)[UUID_BYTES]);
void inquiry_call_again(struct worker *w, const struct job *job);	/* this turn has no room for it */

/* worker_turn.c */
ERR_CHECK enum fault turn_run(struct worker *w, struct err *err);
struct entry *entry_find(struct turn *t, const uint8_t *dossier);
struct block *turn_block(struct turn *t, struct lane *lane);
void *list_add(struct arena *arena, struct list *list, size_t size);
void touch_idle(struct turn *t);		/* worker_upkeep.c */
bool wakes(const struct service *service, enum event_type type);

/* worker_step.c: one message at a time (promise 9) */
bool is_stepping(const struct worker *w);
bool takes_few(const struct worker *w);
void start_stepping(struct turn *t, bool by_one);	/* it has failed */
void step_on(struct worker *w, int n_jobs);		/* it has not */
enum fault refused_data(struct turn *t, struct err *err);	/* what now, when the database refuses */
void park_refused(struct turn *t);
void refused_committed(struct turn *t);
struct suspect *suspect_find(struct suspects *list, const struct job *job);	/* NULL: not there */
struct suspect *suspect_add(struct suspects *list, const struct job *job, const struct err *why);

/* worker_slow.c: what is too much for the database (promise 9) */
void slow_look(struct turn *t, const struct err *err);	/* the turn has failed: was it that? */
bool slow_judge(struct turn *t, struct job *job);	/* set it apart, or park it; false: it is not slow */
void slow_committed(struct turn *t);

/* worker_care.c: what kills its worker (promise 9) */
#define REASON_SUSPECT "suspect"		/* set apart, unread */
void care_begin(struct worker *w, struct lane *lane);	/* it has been claimed */
void set_apart(struct turn *t, struct job *job, int times, int64_t us);	/* to be tried alone, later */
bool is_careful(const struct worker *w);
int care_room(const struct worker *w, int most);
void care_longer(struct worker *w);
bool care_admits(struct turn *t, const struct job *job);
ERR_CHECK enum fault care_take(struct turn *t, struct err *err);
void care_committed(struct turn *t);
void care_serve(struct worker *w);

/* worker_locked.c: what somebody else has locked for long */
enum fault locked_look(struct turn *t, struct lane **lanes, int n, struct err *err);	/* which of them stopped the turn */
bool locked_known(const struct worker *w, const uint8_t *dossier);
bool locked_waits(const struct worker *w, const uint8_t *dossier);	/* known, and not to be tried yet */
void locked_tried(struct worker *w, const uint8_t *dossier, bool is_free);
bool leave_alone(struct turn *t, struct job *job);

/* worker_decide.c */
void decide_all(struct turn *t);
void give_answer(struct turn *t, struct job *job, struct entry *entry, enum event_type type);

/* worker_end.c */
struct lane *lane_of(struct turn *t, const struct job *job);
struct stored *stored_of(struct entry *entry, const struct job *job);
void end_job(struct turn *t, struct job *job, struct entry *entry);
void settle_timer(struct turn *t, struct entry *entry);

/* worker_write.c */
void queue_writes(struct turn *t);
void versions_check(const struct turn *t);	/* after the commit */

/* worker_publish.c */
void on_delivered(void *worker, struct mark mark, int64_t offset);
void publish_blocks(struct turn *t);
void publish_serve(struct worker *w);	/* deliveries; a spent producer is made anew */
void publish_lane(struct worker *w, struct lane *lane, const struct block *tail);
ERR_CHECK enum fault open_producer(struct worker *w, struct err *err);
void announce_dead(struct worker *w, int lane);

/* worker_effect.c */
void effects_start(struct turn *t);
void flights_launch(struct worker *w);		/* held ones, as others land */
bool landed_wait(const struct worker *w);	/* are there answers that a turn can take? */
bool flights_wait(const struct worker *w);	/* is there something for the next turn? */
void flights_answered(struct turn *t);		/* ended calls become jobs */
void flight_read(struct turn *t, struct job *job);	/* what was answered */
bool flight_exists(const struct worker *w, int lane, int origin, int64_t ord);
void flight_end(struct worker *w, struct http_call *call);
void flights_settled(struct turn *t);
void flights_forget(struct worker *w, bool all);
const int64_t *flights_by_lane(struct worker *w);	/* of lanes that are ours; in the turn's arena */
const struct effect *effect_find(const struct worker *w, struct text purpose);
bool judge_effect(struct turn *t, struct job *job);	/* false: settled without the service */
int64_t effect_window_us(const struct worker *w);

/* worker_clock.c */
void clock_learn(struct worker *w, time_us now, int64_t asked_us);	/* the database has said so, asked then (span clock) */
ERR_CHECK enum fault clock_ask(struct worker *w, struct err *err);

/* worker_peer.c */
struct peer *peer_of(struct worker *w, const char *name);	/* a new one when nobody has spoken of it */
bool peer_is_down(const struct peer *peer);	/* for readiness */
void peer_judged(struct worker *w, const struct job *job);	/* an effect, with its answer */
bool peer_enter(struct worker *w, struct flight *f);		/* may it begin now? */
void peer_leave(struct worker *w, const struct flight *f);	/* it has ended */
/* How long an effect should wait before it is begun; 0: it may be. */
int64_t peer_wait_us(struct worker *w, const struct effect *effect, int64_t ord);

/* worker_catalogue.c */
ERR_CHECK enum fault law_begin(struct worker *w, struct err *err);
void law_tick(struct worker *w);
void law_end(struct worker *w);

/* worker_metric.c: what is counted */
void metrics_begin(struct worker *w);
void metrics_end(struct worker *w);
void metrics_refresh(struct worker *w);		/* gauges */
void metrics_tell(const struct worker *w);	/* the service's own, logged at the end */
void tell_fault(struct worker *w, const char *event, const struct err *err);	/* logged and counted */
void count_turn(struct turn *t, struct lane *const *lanes, int n_lanes);
void count_call(struct worker *w, const struct http_call *call);
void count_claim(struct worker *w, bool ok);
void count_rebalance(struct worker *w, bool lost);
void count_connect(struct worker *w, bool ok);
void show_breaker(struct worker *w, const char *peer, enum breaker_state state, bool has_opened);

/* worker_health.c and worker_ready.c: does it live, is it ready? */
void health_begin(struct worker *w);
ERR_CHECK enum fault health_serve(struct worker *w, struct err *err);
const char *health_listen(const struct worker *w);	/* "" when nobody may watch */
void health_is_up(struct worker *w);
void health_is_stopping(struct worker *w);
void health_refresh(struct worker *w, bool now);	/* find out what is broken; else only when it is time */
void health_end(struct worker *w);
void beat(struct worker *w);			/* the loop turns */
void doing(struct worker *w, const char *what);	/* what it may be waiting in, static text */
/* What stands in the way of something; err NULL: nothing any more. */
void note_database(struct worker *w, const struct err *err);
void note_broker(struct worker *w, const struct err *err);
void note_claim(struct worker *w, const struct err *err);
void note_turn(struct worker *w, const struct err *err);
bool stands(const struct lane *lane, int topic);	/* the next entry of its journal has not come for long */

/* worker.c */
bool worker_stopping(void);

/* worker_loop.c */
void loop_run(struct worker *w);

#endif
