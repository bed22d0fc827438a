/* tracking_again - see tracking_again.h. */
#include "tracking_again.h"

#include "tracking_status.h"

void
again_claim(struct again *again, int lane, int64_t span_us, int64_t t_us)
{
	if (lane < 0 || lane >= AGAIN_LANES_MAX)
		return;
	again->lanes[lane] = (struct again_lane){ .due_us = { span_us, span_us + t_us }, .pass = -1 };
	if (lane > again->most_lane)
		again->most_lane = lane;
}

/* The second pass reaches back to what was on its way at the claim. */
static bool
begin(struct again_lane *lane, int64_t span_us, time_us now, int64_t t_us)
{
	for (int pass = 0; pass < 2; pass++)
		if (lane->due_us[pass] != 0 && lane->due_us[pass] <= span_us) {
			lane->due_us[pass] = 0;
			lane->pass = pass;
			lane->stage = 0;
			lane->last = 0;
			lane->since = now - (pass + 1) * t_us;
			return true;
		}
	return false;
}

int
again_next(struct again *again, int64_t span_us, time_us now, int64_t t_us)
{
	for (int i = 0; i <= again->most_lane; i++) {
		struct again_lane *lane = &again->lanes[i];

		if (lane->pass < 0 || lane->stage >= STAGE_TRACKING || lane->since == 0) {
			lane->pass = -1;
			if (!begin(lane, span_us, now, t_us))
				continue;
		}
		return i;
	}
	return -1;
}

void
again_done(struct again *again, int lane, int blocks, int most, int64_t last)
{
	struct again_lane *a = &again->lanes[lane];

	a->last = last;
	if (blocks == most)
		return;
	a->stage++;		/* that journal is through */
	a->last = 0;
}

bool
again_dossier(struct text entries, size_t *at, uint8_t id[UUID_BYTES])
{
	struct record record;
	enum event_type type;
	struct text packed;

	while (lp_take(entries, at, &packed))
		if (record_unpack(packed, &record) && event_find(record_find(&record, "ce_type"), &type) &&
		    status_is_visible(type) && uuid_from_text(record.key, id))
			return true;
	return false;
}
