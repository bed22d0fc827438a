/*
 * dossier - see dossier.h.
 *
 * Order of work in dossier_apply: check the version, check the move, then take
 * over the facts; so a refused event leaves the row untouched.
 */
#include "dossier.h"

#include <stddef.h>

#define COLUMN(type, field) { #field, type, offsetof(struct dossier, field) }
#define STATE_COLUMN(name, stage) { name, DB_INT2, offsetof(struct dossier, state) + (stage) * sizeof(int32_t) }

const struct column dossier_columns[] = {
	COLUMN(DB_UUID, id), COLUMN(DB_INT4, home), COLUMN(DB_TEXT, code), COLUMN(DB_TEXT, source),
	COLUMN(DB_TEXT, submission), COLUMN(DB_BYTEA, digest), COLUMN(DB_TIME, received_at),
	COLUMN(DB_TEXT, procedure), COLUMN(DB_INT4, procedure_version), COLUMN(DB_TEXT, case_code),
	COLUMN(DB_TEXT, agency), COLUMN(DB_TEXT, level), COLUMN(DB_TEXT, channel),
	COLUMN(DB_TEXT, applicant_kind), COLUMN(DB_TEXT, language), COLUMN(DB_BYTEA, rule_set),
	COLUMN(DB_TEXT, exemption), COLUMN(DB_TEXT, errors),
#define FIXED 18
	COLUMN(DB_INT4, version), COLUMN(DB_INT4, round),
	STATE_COLUMN("intake", STAGE_INTAKE), STATE_COLUMN("verification", STAGE_VERIFICATION),
	STATE_COLUMN("lookup", STAGE_LOOKUP), STATE_COLUMN("fee", STAGE_FEE),
	STATE_COLUMN("casework", STAGE_CASEWORK), STATE_COLUMN("dispatch", STAGE_DISPATCH),
	STATE_COLUMN("tracking", STAGE_TRACKING),
	COLUMN(DB_TEXT, delivery), COLUMN(DB_TEXT, missing), COLUMN(DB_TIME, accepted_at),
	COLUMN(DB_TIME, due_at), COLUMN(DB_BOOL, overdue), COLUMN(DB_INT4, supplements),
	COLUMN(DB_INT8, phi), COLUMN(DB_INT8, le_phi), COLUMN(DB_INT8, amount),
	COLUMN(DB_TEXT, fee_order), COLUMN(DB_TIME, expires_at), COLUMN(DB_TEXT, result),
	COLUMN(DB_TEXT, document), COLUMN(DB_TEXT, parcel), COLUMN(DB_TEXT, item_code),
	COLUMN(DB_TEXT, reason), COLUMN(DB_TEXT, citation), COLUMN(DB_TIME, updated_at),
	COLUMN(DB_BYTEA, inputs), COLUMN(DB_BYTEA, trail),
};
const int dossier_n_columns = sizeof dossier_columns / sizeof *dossier_columns;
const int dossier_n_fixed = FIXED;

void
dossier_init(struct dossier *dos, const uint8_t id[UUID_BYTES])
{
	memset(dos, 0, sizeof *dos);
	columns_clear(dossier_columns, dossier_n_columns, dos);
	memcpy(dos->id, id, UUID_BYTES);
	dos->inputs = dos->trail = TEXT("");
}

/* --- taking over facts --------------------------------------------------- */

static void
take_text(struct text *field, struct text fact)
{
	if (!text_is_absent(fact))
		*field = fact;
}

static void
take_int(int64_t *field, int64_t fact)
{
	if (fact != INT_NONE)
		*field = fact;
}

/* A digest travels as hexadecimal and rests as bytes. */
static void
take_hex(struct text *field, struct text fact, struct arena *arena)
{
	char *bytes;

	if (text_is_absent(fact))
		return;
	bytes = arena_take(arena, fact.n / 2 + 1, 1);
	if (text_unhex(fact, bytes, fact.n / 2))
		*field = (struct text){ bytes, fact.n / 2 };
}

static struct text
appended(struct arena *arena, struct text before, const void *bytes, size_t n)
{
	char *p = arena_take(arena, before.n + n, 1);

	memcpy(p, before.s, before.n);
	memcpy(p + before.n, bytes, n);
	return (struct text){ p, before.n + n };
}

/* Everything that is fixed from the first event on. */
static void
take_registration(struct dossier *dos, const struct event *event, struct arena *arena)
{
	dos->home = event->home;
	dos->received_at = event->received_at;
	take_text(&dos->code, event->code);
	take_text(&dos->source, event->source);
	take_text(&dos->submission, event->submission);
	take_hex(&dos->digest, event->digest, arena);
	take_text(&dos->procedure, event->procedure);
	if (event->procedure_version != INT_NONE)
		dos->procedure_version = (int32_t)event->procedure_version;
	take_text(&dos->case_code, event->case_code);
	take_text(&dos->agency, event->agency);
	take_text(&dos->level, event->level);
	take_text(&dos->channel, event->channel);
	take_text(&dos->applicant_kind, event->applicant_kind);
	take_text(&dos->language, event->language);
	take_hex(&dos->rule_set, event->rule_set, arena);
	take_text(&dos->exemption, event->exemption);
	take_text(&dos->delivery, event->delivery);
}

/* What may come with any later event. */
static void
take_facts(struct dossier *dos, const struct event *event)
{
	take_text(&dos->missing, event->missing);
	take_int(&dos->accepted_at, event->accepted_at);
	take_int(&dos->phi, event->phi);
	take_int(&dos->le_phi, event->le_phi);
	take_text(&dos->fee_order, event->order);
	take_text(&dos->result, event->result);
	take_text(&dos->document, event->document);
	take_text(&dos->parcel, event->parcel);
	take_text(&dos->item_code, event->item_code);
}

/* What an event means beyond its facts. */
static void
take_meaning(struct dossier *dos, const struct event *event, struct arena *arena)
{
	switch (event->type) {
	case EV_INTAKE_REGISTERED:
		take_registration(dos, event, arena);
		break;
	case EV_INTAKE_REJECTED:
		take_registration(dos, event, arena);
		take_text(&dos->errors, event->errors);
		break;
	case EV_INTAKE_SUPPLEMENTED:
		dos->round = (int32_t)event->round;
		break;
	case EV_INTAKE_DELIVERY_CHANGED:
		take_text(&dos->delivery, event->delivery);
		break;
	case EV_FEE_ORDERED:
		dos->amount = event->amount;
		dos->expires_at = event->expires_at;
		break;
	case EV_FEE_PLACED:	/* late at the platform: the whole term from then on */
		take_int(&dos->expires_at, event->expires_at);
		break;
	case EV_FEE_PAID:
	case EV_FEE_EXPIRED:
	case EV_FEE_CANCELLED:
		dos->expires_at = TIME_NONE;
		break;
	case EV_CASEWORK_ACCEPTED:
	case EV_CASEWORK_RESUMED:
		dos->due_at = event->due_at;
		dos->expires_at = TIME_NONE;
		break;
	case EV_CASEWORK_REOPENED:
		dos->expires_at = TIME_NONE;
		break;
	case EV_CASEWORK_SUPPLEMENT_REQUESTED:
		dos->supplements++;
		dos->expires_at = event->expires_at;
		dos->due_at = TIME_NONE;	/* the clock starts anew when it is complete */
		dos->reason = event->reason;
		dos->citation = event->citation;
		break;
	case EV_CASEWORK_OVERDUE:
		dos->overdue = true;
		break;
	case EV_CASEWORK_REFUSED:
	case EV_CASEWORK_STOPPED:
	case EV_CASEWORK_DECIDED:
		dos->expires_at = TIME_NONE;
		dos->reason = event->reason;
		dos->citation = event->citation;
		break;
	default:
		break;
	}
}

enum fault
dossier_apply(struct dossier *dos, const struct event *event, struct arena *arena,
    struct err *err)
{
	enum stage stage = event_stage(event->type);
	uint8_t step[TRAIL_BYTES] = { (uint8_t)stage }, input[INPUT_BYTES];
	int to;

	if (event->version != dos->version + 1)
		return err_set(err, FAULT_PARK, "apply", "version", "%s of version %d on version %d",
		    event_type_name(event->type), event->version, dos->version);
	if (!move_find(event->type, dos->state[stage], &to))
		return err_set(err, FAULT_PARK, "apply", "move", "%s while %s is %s",
		    event_type_name(event->type), stage_name(stage),
		    state_name(stage, dos->state[stage]));
	take_facts(dos, event);
	take_meaning(dos, event, arena);
	dos->state[stage] = to;
	dos->version = event->version;
	dos->updated_at = event->at;
	for (int i = 0; i < 8; i++)
		step[1 + i] = (uint8_t)((uint64_t)event->number >> (56 - 8 * i));
	dos->trail = appended(arena, dos->trail, step, sizeof step);
	if (!text_is_absent(event->input) && text_unhex(event->input, input, sizeof input))
		dos->inputs = appended(arena, dos->inputs, input, sizeof input);
	return FAULT_NONE;
}

/* --- questions ----------------------------------------------------------- */

bool
dossier_may(const struct dossier *dos, enum event_type type)
{
	int to;

	return move_find(type, dos->state[event_stage(type)], &to);
}

bool
dossier_has_input(const struct dossier *dos, const uint8_t input[INPUT_BYTES])
{
	for (size_t at = 0; at + INPUT_BYTES <= dos->inputs.n; at += INPUT_BYTES)
		if (memcmp(dos->inputs.s + at, input, INPUT_BYTES) == 0)
			return true;
	return false;
}

bool
dossier_is_finished(const struct dossier *dos)
{
	return state_is_final(STAGE_INTAKE, dos->state[STAGE_INTAKE]) ||
	    state_is_final(STAGE_CASEWORK, dos->state[STAGE_CASEWORK]) ||
	    state_is_final(STAGE_DISPATCH, dos->state[STAGE_DISPATCH]);
}

int
dossier_portal_state(const struct dossier *dos)
{
	static const int by_casework[CASEWORK_STATES] = {
		[CASEWORK_NONE] = 1, [CASEWORK_OPEN] = 1, [CASEWORK_SUPPLEMENT] = 5,
		[CASEWORK_ACCEPTED] = 2, [CASEWORK_PROCESSING] = 4, [CASEWORK_REFUSED] = 3,
		[CASEWORK_DECIDED] = 9,
		[CASEWORK_STOPPED] = 8, [CASEWORK_WITHDRAWN] = 7,
	};
	int dispatch = dos->state[STAGE_DISPATCH], casework = dos->state[STAGE_CASEWORK];

	if (dos->state[STAGE_INTAKE] == INTAKE_REJECTED)
		return 0;
	if (dispatch == DISPATCH_RELEASED || dispatch == DISPATCH_HANDED_OVER ||
	    dispatch == DISPATCH_DELIVERED)
		return 10;
	if (dos->state[STAGE_INTAKE] == INTAKE_WITHDRAWN && casework != CASEWORK_DECIDED)
		return 7;
	if (casework == CASEWORK_NONE && dos->state[STAGE_FEE] == FEE_OWED)
		return 6;
	return by_casework[casework];
}

/* As schemas/README.md has them, which portals read. */
static const struct { const char *vi, *en; } portal_names[] = {
	{ "Không hợp lệ", "Rejected" },
	{ "Mới đăng ký", "Submitted" },
	{ "Được tiếp nhận", "Accepted" },
	{ "Không được tiếp nhận", "Not accepted" },
	{ "Đang xử lý", "In process" },
	{ "Yêu cầu bổ sung giấy tờ", "Supplement requested" },
	{ "Yêu cầu thực hiện nghĩa vụ tài chính", "Payment required" },
	{ "Công dân yêu cầu rút hồ sơ", "Withdrawn" },
	{ "Dừng xử lý", "Stopped" },
	{ "Đã xử lý xong", "Processed" },
	{ "Đã trả kết quả", "Result returned" },
};

const char *
portal_state_name_vi(int state)
{
	return portal_names[state].vi;
}

const char *
portal_state_name_en(int state)
{
	return portal_names[state].en;
}

int
dossier_steps(const struct dossier *dos)
{
	return (int)(dos->trail.n / TRAIL_BYTES);
}

void
dossier_step(const struct dossier *dos, int i, enum stage *stage, int64_t *number)
{
	const uint8_t *p = (const uint8_t *)dos->trail.s + (size_t)i * TRAIL_BYTES;
	uint64_t v = 0;

	for (int k = 1; k < TRAIL_BYTES; k++)
		v = v << 8 | p[k];
	*stage = (enum stage)p[0];
	*number = (int64_t)v;
}
