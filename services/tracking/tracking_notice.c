/*
 * tracking_notice - see tracking_notice.h.
 *
 * The words stand in tracking_template.c; here they are filled in.
 */
#include "tracking_notice.h"

#include "tracking_template.h"

/* --- which --------------------------------------------------------------------- */

const enum event_type notice_events[] = {
	EV_INTAKE_REGISTERED, EV_INTAKE_REJECTED, EV_FEE_ORDERED, EV_FEE_PAID, EV_FEE_REFUND_ORDERED,
	EV_CASEWORK_SUPPLEMENT_REQUESTED, EV_CASEWORK_ACCEPTED, EV_CASEWORK_REFUSED, EV_CASEWORK_OVERDUE,
	EV_CASEWORK_STOPPED, EV_CASEWORK_WITHDRAWN, EV_CASEWORK_DECIDED, EV_DISPATCH_RELEASED,
	EV_DISPATCH_COUNTER_READY, EV_DISPATCH_HANDED_OVER, EV_DISPATCH_PARCEL_POSTED,
	EV_DISPATCH_PARCEL_ATTEMPT_FAILED, EV_DISPATCH_PARCEL_DELIVERED, EV_DISPATCH_PARCEL_RETURNED,
	EV_DISPATCH_PARCEL_FAILED,
};
const int notice_n_events = sizeof notice_events / sizeof *notice_events;
_Static_assert(sizeof notice_events / sizeof *notice_events == NOTICES - 1, "a notice an event");

/* In the order of enum notice, which is that of notice_events. */
static enum notice
notice_for(enum event_type type, bool only_end)
{
	for (int i = 0; i < notice_n_events; i++)
		if (notice_events[i] == type)
			return only_end && !templates[i + 1].is_end ? NOTICE_NONE : (enum notice)(i + 1);
	return NOTICE_NONE;
}

bool
notice_may_be(enum event_type type, bool only_end)
{
	return notice_for(type, only_end) != NOTICE_NONE;
}

enum notice
notice_of(const struct event *event, bool only_end)
{
	enum notice notice = notice_for(event->type, only_end);

	/* Online and at the counter the next event tells it, with the place. */
	return notice == NOTICE_DECIDED && !text_is(event->delivery, "postal") ? NOTICE_NONE : notice;
}

const char *
notice_name(enum notice notice)
{
	return templates[notice].name;
}

/* --- facts in words ------------------------------------------------------------ */

struct writer {
	const struct notice_facts	*facts;
	bool				english;
	struct arena			*arena;
	struct buf			buf;
};

static const char *
pick(const struct writer *w, const char *vi, const char *en)
{
	return w->english ? en : vi;
}

/* The end of a day is 24:00 of it, not midnight of the next (Civil Code, Art. 148(1)). */
static void
put_when(struct writer *w, time_us t, bool is_term)
{
	int64_t day = calendar_local_day(t);
	int minute = calendar_local_minute(t), year, month, date;
	bool is_end = is_term && minute == 0;

	if (t == TIME_NONE) {
		buf_puts(&w->buf, "-");
		return;
	}
	civil_from_days(is_end ? day - 1 : day, &year, &month, &date);
	if (is_end)
		buf_puts(&w->buf, pick(w, "hết ngày ", "the end of "));
	else
		buf_printf(&w->buf, "%02d:%02d %s", minute / 60, minute % 60, pick(w, "ngày ", "on "));
	buf_printf(&w->buf, "%02d/%02d/%d", date, month, year);
}

/* 8.000 đồng; 8,000 VND. */
static void
put_money(struct writer *w, int64_t dong)
{
	char digits[24];
	int n = 0;

	if (dong < 0)
		dong = 0;
	for (int group = 0; dong > 0 || n == 0; dong /= 10, group++) {
		if (group > 0 && group % 3 == 0)
			digits[n++] = w->english ? ',' : '.';
		digits[n++] = (char)('0' + dong % 10);
	}
	while (n > 0)
		buf_put(&w->buf, &digits[--n], 1);
	buf_puts(&w->buf, pick(w, " đồng", " VND"));
}

static struct text
name_in(const struct writer *w, const struct doc_node *body, struct text otherwise)
{
	struct text name = doc_get_text(body, pick(w, "name_vi", "name_en"));

	return name.n > 0 ? name : otherwise;
}

static void
put_missing(struct writer *w)
{
	const struct notice_facts *f = w->facts;
	const struct doc_node *its_case = f->procedure == NULL ? NULL :
	    procedure_case(f->procedure, f->dos->case_code), *list;
	struct doc_error why;

	if (text_is_absent(f->event->missing) ||
	    doc_parse(w->arena, f->event->missing, NULL, &list, &why) != FAULT_NONE)
		return;
	for (size_t i = 0; i < doc_length(list); i++) {
		struct text code = doc_text(doc_at(list, i));

		buf_puts(&w->buf, i > 0 ? ", " : "");
		buf_text(&w->buf, name_in(w, its_case == NULL ? NULL : case_component(its_case, code), code));
	}
}

static void
put_reason(struct writer *w)
{
	const struct reason *reason = reason_find(w->facts->event->reason);

	if (reason != NULL)
		buf_puts(&w->buf, pick(w, reason->vi, reason->en));
	else
		buf_puts(&w->buf, pick(w, "cơ quan giải quyết sẽ giải thích", "the agency will explain it"));
}

static void
put_result(struct writer *w)
{
	bool granted = text_is(w->facts->dos->result, "granted");

	buf_puts(&w->buf, granted ? pick(w, "được giải quyết", "granted") : pick(w, "bị từ chối", "denied"));
}

static void put_code(struct writer *w) { buf_text(&w->buf, w->facts->dos->code); }
static void put_order(struct writer *w) { buf_text(&w->buf, w->facts->event->order); }
static void put_slip(struct writer *w) { buf_text(&w->buf, w->facts->event->slip); }
static void put_officer(struct writer *w) { buf_text(&w->buf, w->facts->event->officer); }
static void put_received(struct writer *w) { put_when(w, w->facts->dos->received_at, false); }
static void put_accepted(struct writer *w) { put_when(w, w->facts->event->accepted_at, false); }
static void put_due(struct writer *w) { put_when(w, w->facts->event->due_at, true); }
static void put_until(struct writer *w) { put_when(w, w->facts->event->expires_at, true); }
static void put_amount(struct writer *w) { put_money(w, w->facts->event->amount); }
static void put_phi(struct writer *w) { put_money(w, w->facts->event->phi); }
static void put_le_phi(struct writer *w) { put_money(w, w->facts->event->le_phi); }

static void
put_citation(struct writer *w)
{
	struct text citation = w->facts->event->citation;

	buf_text(&w->buf, citation.n > 0 ? citation : TEXT("-"));
}

static void
put_item(struct writer *w)
{
	struct text item = w->facts->event->item_code;

	buf_text(&w->buf, item.n > 0 ? item : w->facts->dos->item_code);
}

static void
put_procedure(struct writer *w)
{
	const struct procedure *procedure = w->facts->procedure;

	buf_text(&w->buf, name_in(w, procedure == NULL ? NULL : procedure->body, w->facts->dos->procedure));
}

static void
put_agency(struct writer *w)
{
	const struct agency *agency = w->facts->agency;

	buf_text(&w->buf, name_in(w, agency == NULL ? NULL : agency->body, w->facts->dos->agency));
}

/* --- filling in ---------------------------------------------------------------- */

static const struct place_holder {
	const char	*name;
	void		(*put)(struct writer *w);
} holders[] = {
	{ "accepted", put_accepted }, { "agency", put_agency }, { "amount", put_amount },
	{ "citation", put_citation }, { "code", put_code }, { "due", put_due }, { "item", put_item },
	{ "le_phi", put_le_phi }, { "missing", put_missing }, { "officer", put_officer }, { "order", put_order },
	{ "phi", put_phi }, { "procedure", put_procedure }, { "reason", put_reason },
	{ "received", put_received }, { "result", put_result }, { "slip", put_slip }, { "until", put_until },
};

static void
put_holder(struct writer *w, struct text name)
{
	for (size_t i = 0; i < sizeof holders / sizeof *holders; i++)
		if (text_is(name, holders[i].name)) {
			holders[i].put(w);
			return;
		}
	bug("a notice speaks of {%.*s}", TEXT_ARG(name));
}

static struct text
fill(struct writer *w, const char *words)
{
	w->buf = buf_in(w->arena);
	while (*words != '\0') {
		size_t n = strcspn(words, "{");

		buf_put(&w->buf, words, n);
		words += n;
		if (*words == '{') {
			n = strcspn(words, "}");
			put_holder(w, (struct text){ words + 1, n - 1 });
			words += n + 1;
		}
	}
	return buf_get(&w->buf);
}

void
notice_write(enum notice notice, const struct notice_facts *facts, struct arena *arena,
    struct notice_text *out)
{
	const struct template *t = &templates[notice];
	struct writer w = { .facts = facts, .english = text_is(facts->dos->language, "en"), .arena = arena };

	out->subject = fill(&w, pick(&w, t->subject_vi, t->subject_en));
	out->text = fill(&w, pick(&w, t->text_vi, t->text_en));
}

/* --- to whom ------------------------------------------------------------------- */

static bool
is_phone(struct text t)
{
	size_t digits = 0;

	for (size_t i = 0; i < t.n; i++) {
		if (t.s[i] >= '0' && t.s[i] <= '9')
			digits++;
		else if (t.s[i] != '+' || i > 0)
			return false;
	}
	return digits >= 8 && digits <= 15;
}

static bool
is_email(struct text t)
{
	size_t at = 0, n_at = 0;

	for (size_t i = 0; i < t.n; i++) {
		if ((unsigned char)t.s[i] <= 0x20 || t.s[i] == 0x7f)
			return false;
		if (t.s[i] == '@') {
			at = i;
			n_at++;
		}
	}
	return n_at == 1 && at > 0 && at + 1 < t.n && t.n <= 254;
}

enum contact
notice_contact(const struct content *contents, int n, struct text *to)
{
	for (int i = 0; i < n; i++) {
		const struct doc_node *applicant = doc_get(contents[i].data, "applicant");
		struct text phone = doc_get_text(applicant, "phone"), email = doc_get_text(applicant, "email");

		if (is_phone(phone)) {
			*to = phone;
			return CONTACT_SMS;
		}
		if (is_email(email)) {
			*to = email;
			return CONTACT_EMAIL;
		}
	}
	return CONTACT_NONE;
}

struct text
notice_body(enum contact contact, struct text to, const struct notice_text *text, struct arena *arena)
{
	struct buf buf = buf_in(arena);

	buf_puts(&buf, "{\"to\":");
	buf_json_text(&buf, to);
	if (contact == CONTACT_EMAIL) {
		buf_puts(&buf, ",\"subject\":");
		buf_json_text(&buf, text->subject);
	}
	buf_puts(&buf, ",\"text\":");
	buf_json_text(&buf, text->text);
	buf_puts(&buf, "}");
	return buf_get(&buf);
}
