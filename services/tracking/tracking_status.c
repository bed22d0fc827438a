/* tracking_status - see tracking_status.h. */
#include "tracking_status.h"

bool
status_is_visible(enum event_type type)
{
	switch (type) {
	case EV_INTAKE_REGISTERED: case EV_INTAKE_REJECTED: case EV_INTAKE_DELIVERY_CHANGED:
	case EV_INTAKE_WITHDRAWN:
	case EV_FEE_ORDERED: case EV_FEE_PAID: case EV_FEE_EXPIRED: case EV_FEE_CANCELLED:
	case EV_FEE_REFUND_ORDERED: case EV_FEE_REFUNDED:
	case EV_CASEWORK_OPENED: case EV_CASEWORK_ACCEPTED: case EV_CASEWORK_ASSIGNED:
	case EV_CASEWORK_REFUSED: case EV_CASEWORK_SUPPLEMENT_REQUESTED: case EV_CASEWORK_REOPENED:
	case EV_CASEWORK_RESUMED: case EV_CASEWORK_DECIDED: case EV_CASEWORK_STOPPED:
	case EV_CASEWORK_WITHDRAWN: case EV_CASEWORK_OVERDUE:
	case EV_DISPATCH_RELEASED: case EV_DISPATCH_COUNTER_READY: case EV_DISPATCH_HANDED_OVER:
	case EV_DISPATCH_PARCEL_ORDERED: case EV_DISPATCH_PARCEL_PLACED: case EV_DISPATCH_PARCEL_FAILED:
	case EV_DISPATCH_PARCEL_POSTED: case EV_DISPATCH_PARCEL_IN_TRANSIT:
	case EV_DISPATCH_PARCEL_ATTEMPT_FAILED: case EV_DISPATCH_PARCEL_DELIVERED:
	case EV_DISPATCH_PARCEL_RETURNED:
		return true;
	default:	/* a step inside, soon followed by one that shows */
		return false;
	}
}

const char *
status_answer_name(enum event_type type)
{
	switch (type) {
	case EV_INTAKE_CONFLICT:
		return "conflict";
	case EV_INTAKE_UNKNOWN: case EV_FEE_UNKNOWN: case EV_CASEWORK_UNKNOWN: case EV_DISPATCH_UNKNOWN:
		return "unknown";
	case EV_INTAKE_REFUSED: case EV_FEE_REFUSED: case EV_CASEWORK_ACTION_REFUSED: case EV_DISPATCH_REFUSED:
		return "refused";
	case EV_INTAKE_REPEATED: case EV_FEE_REPEATED: case EV_CASEWORK_REPEATED: case EV_DISPATCH_REPEATED:
		return "repeated";
	default:
		return NULL;
	}
}

/* --- members ------------------------------------------------------------------- */

static void
put_name(struct buf *buf, const char *name)
{
	buf_puts(buf, buf->n > 0 && buf->s[buf->n - 1] == '{' ? "\"" : ",\"");
	buf_puts(buf, name);
	buf_puts(buf, "\":");
}

static void
put_text(struct buf *buf, const char *name, struct text value)
{
	put_name(buf, name);
	buf_json_text(buf, value);
}

static void
put_int(struct buf *buf, const char *name, int64_t value)
{
	if (value == INT_NONE)
		return;
	put_name(buf, name);
	buf_int(buf, value);
}

static void
put_time(struct buf *buf, const char *name, time_us t)
{
	char stamp[TIME_TEXT_BYTES];

	time_to_text(t, stamp);
	put_text(buf, name, t == TIME_NONE ? TEXT_NONE : text_of(stamp));
}

static void
put_list(struct buf *buf, const char *name, struct text json)
{
	put_name(buf, name);
	buf_text(buf, json.n > 0 ? json : TEXT("[]"));
}

/* --- a snapshot ---------------------------------------------------------------- */

static void
put_fee(struct buf *buf, const struct dossier *dos)
{
	int state = dos->state[STAGE_FEE];

	put_name(buf, "fee");
	if (state == FEE_NONE) {
		buf_puts(buf, "null");
		return;
	}
	buf_puts(buf, "{");
	put_int(buf, "phi", dos->phi);
	put_int(buf, "le_phi", dos->le_phi);
	put_int(buf, "amount", dos->amount);
	put_text(buf, "state", text_of(state_name(STAGE_FEE, state)));
	put_text(buf, "order", dos->fee_order);
	buf_puts(buf, "}");
}

static void
put_delivery(struct buf *buf, const struct dossier *dos)
{
	put_name(buf, "delivery");
	if (text_is_absent(dos->delivery)) {
		buf_puts(buf, "null");
		return;
	}
	buf_puts(buf, "{");
	put_text(buf, "method", dos->delivery);
	put_text(buf, "state", text_of(state_name(STAGE_DISPATCH, dos->state[STAGE_DISPATCH])));
	put_text(buf, "item_code", dos->item_code);
	buf_puts(buf, "}");
}

static void
put_identity(struct buf *buf, const struct dossier *dos)
{
	char id[UUID_TEXT_BYTES];

	uuid_to_text(dos->id, id);
	put_text(buf, "dossier", text_of(id));
	put_text(buf, "code", dos->code);
	put_int(buf, "version", dos->version);
	put_text(buf, "source", dos->source);
	put_text(buf, "submission", dos->submission);
	put_text(buf, "procedure", dos->procedure);
	put_text(buf, "agency", dos->agency);
}

struct text
status_json(const struct dossier *dos, struct arena *arena)
{
	struct buf buf = buf_in(arena);
	int state = dossier_portal_state(dos);

	buf_puts(&buf, "{");
	put_identity(&buf, dos);
	put_int(&buf, "state", state);
	put_text(&buf, "state_name_vi", text_of(portal_state_name_vi(state)));
	put_text(&buf, "state_name_en", text_of(portal_state_name_en(state)));
	put_time(&buf, "received_at", dos->received_at);
	put_time(&buf, "accepted_at", dos->accepted_at);
	put_time(&buf, "due_at", dos->due_at);
	put_name(&buf, "overdue");
	buf_puts(&buf, dos->overdue ? "true" : "false");
	put_fee(&buf, dos);
	put_list(&buf, "missing", dos->missing);
	put_delivery(&buf, dos);
	put_text(&buf, "result", dos->result);
	put_text(&buf, "reason", dos->reason);
	put_list(&buf, "errors", dos->errors);
	put_time(&buf, "updated_at", dos->updated_at);
	buf_puts(&buf, "}");
	return buf_get(&buf);
}

/* --- an answer ----------------------------------------------------------------- */

/* What an answer says of itself where its event brings no list. */
static struct text
answer_errors(const struct event *event)
{
	if (!text_is_absent(event->errors))
		return event->errors;
	if (event->type == EV_INTAKE_CONFLICT)
		return TEXT("[{\"pointer\":\"\",\"rule\":\"request.conflict\",\"message_vi\":\"Mã thông điệp này đã dùng "
		    "cho nội dung khác. Hãy gửi lại với mã mới.\",\"message_en\":\"This id was already used for another "
		    "content. Send it again under a new id.\"}]");
	if (strcmp(status_answer_name(event->type), "unknown") == 0)
		return TEXT("[{\"pointer\":\"\",\"rule\":\"request.unknown_dossier\",\"message_vi\":\"Không có hồ sơ với "
		    "định danh này.\",\"message_en\":\"There is no dossier of this id.\"}]");
	return TEXT_NONE;
}

/* A submission that came again is known by its own source and id. */
static struct text
answer_input(const struct event *event, struct arena *arena)
{
	uint8_t digest[INPUT_BYTES];
	char hex[2 * INPUT_BYTES + 1];

	if (!text_is_absent(event->input))
		return event->input;
	input_digest(event->source, event->submission, digest);
	text_hex(digest, sizeof digest, hex);
	return arena_text(arena, text_of(hex));
}

static struct text
answer_request(const struct event *event)
{
	if (!text_is_absent(event->request))
		return event->request;
	return event_stage(event->type) == STAGE_INTAKE ? TEXT("vn.dossier.submitted.v1") : TEXT("unknown.v1");
}

struct text
status_answer_json(const struct event *event, struct arena *arena)
{
	struct buf buf = buf_in(arena);
	char id[UUID_TEXT_BYTES];

	uuid_to_text(event->dossier, id);
	buf_puts(&buf, "{");
	put_text(&buf, "dossier", text_of(id));
	put_text(&buf, "answer", text_of(status_answer_name(event->type)));
	put_text(&buf, "request", answer_request(event));
	put_text(&buf, "input", answer_input(event, arena));
	if (!text_is_absent(event->source))
		put_text(&buf, "source", event->source);
	if (!text_is_absent(event->submission))
		put_text(&buf, "submission", event->submission);
	put_list(&buf, "errors", answer_errors(event));
	put_time(&buf, "updated_at", event->at);
	buf_puts(&buf, "}");
	return buf_get(&buf);
}

/* --- records ------------------------------------------------------------------- */

static void
put_headers(struct record *out, struct text id, const char *name, struct text subject, struct text at,
    struct arena *arena)
{
	record_header(out, "ce_specversion", TEXT("1.0"));
	record_header(out, "ce_id", id);
	record_header(out, "ce_source", text_of(stage_source(STAGE_TRACKING)));
	record_header(out, "ce_type", arena_printf(arena, "vn.dossier.%s.v1", name));
	record_header(out, "ce_time", at);
	record_header(out, "ce_subject", subject);
	record_header(out, "ce_dataschema", arena_printf(arena, "urn:vn:dossier:schema:%s.v1", name));
	record_header(out, "content-type", TEXT("application/json"));
}

static struct text
stamp_of(time_us at, struct arena *arena)
{
	char stamp[TIME_TEXT_BYTES];

	time_to_text(at, stamp);
	return arena_text(arena, text_of(stamp));
}

static struct text
id_of(const uint8_t uuid[UUID_BYTES], struct arena *arena)
{
	char id[UUID_TEXT_BYTES];

	uuid_to_text(uuid, id);
	return arena_text(arena, text_of(id));
}

void
status_record(const struct dossier *dos, struct arena *arena, struct record *out)
{
	struct text version = arena_printf(arena, "%d", dos->version);

	memset(out, 0, sizeof *out);
	out->key = id_of(dos->id, arena);
	put_headers(out, arena_printf(arena, "%s/%s", out->key.s, version.s), "status", out->key,
	    stamp_of(dos->updated_at, arena), arena);
	record_header(out, "ce_version", version);
	out->value = status_json(dos, arena);
}

void
status_answer_record(const struct event *event, struct arena *arena, struct record *out)
{
	struct text id = id_of(event->dossier, arena), input = answer_input(event, arena);

	memset(out, 0, sizeof *out);
	out->key = arena_printf(arena, "%s:%.*s", id.s, TEXT_ARG(input));
	put_headers(out, arena_printf(arena, "answer/%s/%d/%lld", stage_name(event_stage(event->type)), event->home,
	    (long long)event->number), "status.answer", id, stamp_of(event->at, arena), arena);
	out->value = status_answer_json(event, arena);
}
