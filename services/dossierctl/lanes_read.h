/* lanes_read - the rows of core.lane, for the commands lanes and lag. */
#ifndef LANES_READ_H
#define LANES_READ_H

#include "digest.h"
#include "kafka_consumer.h"
#include "pieces.h"
#include "session.h"
#include "stage.h"

/* taken + handed_in + ordered = done + repeated + dead + handed_out + waiting + parked */
enum { COUNT_TAKEN, COUNT_HANDED_IN, COUNT_ORDERED, COUNT_DONE, COUNT_REPEATED, COUNT_DEAD,
    COUNT_HANDED_OUT, COUNT_WAITING, COUNT_PARKED, COUNTS };

struct lane_row {
	enum stage	stage;
	int		lane;
	int64_t		epoch;
	struct text	owner, owner_version;	/* absent: given back in good order */
	time_us		claimed_at;
	int		unclean, stuck;		/* ends without release; of them at the position of now */
	struct text	step_note;
	int		n_topics;
	int64_t		next_offset[TOPICS_MAX];
	int64_t		read_to[TOPICS_MAX];
	int64_t		given, acked;
	int64_t		counts[COUNTS];
	struct text	given_hash;
	int64_t		seen[TOPICS_MAX];	/* last number taken, of topics that are journals */
	time_us		alive_at;	/* when its owner committed last, as far as is known */
	struct text	note;		/* what its owner says; absent: it goes on */
	time_us		note_at;
	time_us		paused_at;	/* TIME_NONE: its stage is not paused */
	struct text	paused_by, paused_why;
};

/* Why it does not go on, for people; absent when nothing is known to stop it. */
struct text lane_because(struct arena *arena, const struct lane_row *lane, time_us now);

enum { LANE_SILENT_S = 20 };	/* an owner commits every few seconds, also when nothing happens */
bool lane_is_silent(const struct lane_row *lane, time_us now);

/* Ordered by stage and lane; in the command's arena. FAULT_PARK: a row that does not fit its stage. */
ERR_CHECK enum fault lanes_read(struct ctl *ctl, struct lane_row **out, int *n, struct err *err);

#endif
