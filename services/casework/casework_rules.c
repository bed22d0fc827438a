/*
 * casework_rules - see casework_rules.h.
 *
 * The moves say what may follow what; here stands what they cannot say: that
 * nothing incomplete or unpaid is accepted, that a supplement is asked once,
 * that nobody acts on what the applicant has taken back.
 */
#include "casework_rules.h"

enum { SUPPLEMENTS_BEFORE = 1, SUPPLEMENTS_IN_ALL = 2 };

#define TIMER_AGAIN_US (60 * MINUTE_US)
#define INTAKE_BEHIND_US MINUTE_US
#define HAND_OVER_US (2 * SECOND_US)	/* clocks of brokers differ; what is handed over is a row at intake */

/* --- reading ------------------------------------------------------------------- */

static const struct {
	const char	*type;
	enum event_type	event;
} actions[ACTION_KINDS] = {
	[ACTION_ACCEPT] = { "vn.dossier.action.accept.v1", EV_CASEWORK_ACCEPTED },
	[ACTION_REFUSE] = { "vn.dossier.action.refuse.v1", EV_CASEWORK_REFUSED },
	[ACTION_SUPPLEMENT] = { "vn.dossier.action.supplement.v1", EV_CASEWORK_SUPPLEMENT_REQUESTED },
	[ACTION_ASSIGN] = { "vn.dossier.action.assign.v1", EV_CASEWORK_ASSIGNED },
	[ACTION_DECIDE] = { "vn.dossier.action.decide.v1", EV_CASEWORK_DECIDED },
	[ACTION_HAND_OVER] = { "vn.dossier.action.hand_over.v1", EV_CASEWORK_HANDED_OVER },
};

bool
action_read(struct text type, const struct doc_node *data, time_us arrived_at, struct action *out)
{
	const struct doc_node *receiver = doc_get(data, "receiver");

	for (int kind = 0; kind < ACTION_KINDS; kind++)
		if (text_is(type, actions[kind].type)) {
			*out = (struct action){ .kind = (enum action_kind)kind, .arrived_at = arrived_at,
			    .officer = doc_get_text(doc_get(data, "officer"), "id"),
			    .reason = doc_get_text(data, "reason"),
			    .citation = doc_get_text(data, "citation"),
			    .result = doc_get_text(data, "result"),
			    .components = doc_get(data, "components"),
			    .document = doc_get(data, "document"),
			    .relation = doc_get_text(receiver, "relation"),
			    .document_kind = doc_get_text(receiver, "document_kind"),
			    .has_note = doc_get(data, "note") != NULL };
			return true;
		}
	return false;
}

enum event_type
action_event(enum action_kind kind)
{
	return actions[kind].event;
}

/* --- actions ------------------------------------------------------------------- */

static const struct rule_error
not_allowed = { "", "action.not_allowed", "Trạng thái hiện tại của hồ sơ không cho phép thao tác này.",
    "The dossier's present state does not allow this action." },
withdrawn = { "", "action.withdrawn", "Người nộp đã rút hồ sơ.", "The applicant has withdrawn the dossier." },
incomplete = { "", "action.incomplete", "Hồ sơ còn thiếu thành phần, chưa thể tiếp nhận.",
    "Components are missing; the dossier cannot be accepted yet." },
unpaid = { "", "action.unpaid", "Phí, lệ phí chưa được nộp, chưa thể tiếp nhận hồ sơ.",
    "The fee has not been paid; the dossier cannot be accepted yet." },
component_unknown = { "/components", "action.component_unknown",
    "Thành phần không có trong danh mục của trường hợp này; không được yêu cầu giấy tờ ngoài danh mục.",
    "A component is not on this case's published list; nothing beyond it may be asked for." },
supplement_twice = { "", "action.supplement_twice", "Đã yêu cầu bổ sung; pháp luật chỉ cho phép yêu cầu một lần.",
    "A supplement has been asked for already; the law allows it once." },
citation_missing = { "/citation", "action.citation_missing", "Quyết định từ chối phải nêu căn cứ pháp lý.",
    "A denial has to name its legal basis." },
not_counter = { "", "action.not_counter", "Kết quả của hồ sơ này không trả tại quầy.",
    "The result of this dossier is not handed over at the counter." };

static bool
list_is_empty(struct text json)
{
	return json.n == 0 || memchr(json.s, '"', json.n) == NULL;
}

static const struct rule_error *
check_accept(const struct dossier *dos)
{
	int fee = dos->state[STAGE_FEE];

	if (!list_is_empty(dos->missing))
		return &incomplete;
	return fee == FEE_WAIVED || fee == FEE_PAID ? NULL : &unpaid;
}

/* Nobody may ask for more than the published list, nor twice (Decree 61/2018, Art. 17(2)). */
static const struct rule_error *
check_supplement(const struct dossier *dos, const struct action *action, const struct casework_case *its_case)
{
	int most = dos->accepted_at == TIME_NONE ? SUPPLEMENTS_BEFORE : SUPPLEMENTS_IN_ALL;

	if (dos->supplements >= most)
		return &supplement_twice;
	for (size_t i = 0; i < doc_length(action->components); i++)
		if (case_component(its_case->node, doc_text(doc_at(action->components, i))) == NULL)
			return &component_unknown;
	return NULL;
}

static const struct rule_error *
check_hand_over(const struct dossier *dos)
{
	if (!text_is(dos->delivery, "counter"))
		return &not_counter;
	return state_is_final(STAGE_DISPATCH, dos->state[STAGE_DISPATCH]) ? &not_allowed : NULL;
}

const struct rule_error *
action_check(const struct dossier *dos, const struct action *action, const struct casework_case *its_case)
{
	bool is_decided = dos->state[STAGE_CASEWORK] == CASEWORK_DECIDED;

	if (dos->state[STAGE_INTAKE] == INTAKE_WITHDRAWN && !is_decided)
		return &withdrawn;
	if (!dossier_may(dos, action_event(action->kind)))
		return &not_allowed;
	switch (action->kind) {
	case ACTION_ACCEPT:
		return check_accept(dos);
	case ACTION_SUPPLEMENT:
		return check_supplement(dos, action, its_case);
	case ACTION_DECIDE:
		return text_is(action->result, "denied") && action->citation.n == 0 ? &citation_missing : NULL;
	case ACTION_REFUSE:
		return action->citation.n == 0 ? &citation_missing : NULL;
	case ACTION_HAND_OVER:
		return check_hand_over(dos);
	default:
		return NULL;
	}
}

/* --- wakes --------------------------------------------------------------------- */

/* Each request is answered by one more round at least. */
static bool
is_supplemented(const struct dossier *dos)
{
	return dos->round >= dos->supplements;
}

/* A fee event of an older round says nothing about the supplement; its own will come. */
static enum event_type
wake_supplement(const struct dossier *dos, const struct event *event)
{
	if (!is_supplemented(dos) || (event->type != EV_FEE_PAID && event->round != dos->round))
		return EVENT_TYPES;
	return dos->accepted_at == TIME_NONE ? EV_CASEWORK_REOPENED : EV_CASEWORK_RESUMED;
}

enum event_type
casework_wake(const struct dossier *dos, const struct event *event)
{
	int state = dos->state[STAGE_CASEWORK];

	if (event->type == EV_INTAKE_WITHDRAWN)
		return dossier_may(dos, EV_CASEWORK_WITHDRAWN) ? EV_CASEWORK_WITHDRAWN : EVENT_TYPES;
	if (dos->state[STAGE_INTAKE] == INTAKE_WITHDRAWN)
		return EVENT_TYPES;
	if (event->type == EV_FEE_EXPIRED)
		return state == CASEWORK_NONE || state == CASEWORK_OPEN || state == CASEWORK_SUPPLEMENT ?
		    EV_CASEWORK_STOPPED : EVENT_TYPES;
	if (state == CASEWORK_NONE)
		return EV_CASEWORK_OPENED;
	return state == CASEWORK_SUPPLEMENT ? wake_supplement(dos, event) : EVENT_TYPES;
}

/* --- the timer ----------------------------------------------------------------- */

static enum event_type
timer_supplement(const struct dossier *dos, time_us now, time_us intake_read_to, time_us *again)
{
	if (is_supplemented(dos) && now < dos->expires_at + SUPPLEMENT_GRACE_DAYS * DAY_US)
		*again = now + TIMER_AGAIN_US;
	else if (intake_read_to == TIME_NONE || intake_read_to < dos->expires_at + HAND_OVER_US)
		*again = now + INTAKE_BEHIND_US;
	else
		return EV_CASEWORK_STOPPED;
	return EVENT_TYPES;
}

enum event_type
casework_timer(const struct dossier *dos, time_us now, time_us intake_read_to, time_us *again)
{
	int state = dos->state[STAGE_CASEWORK];
	bool is_running = state == CASEWORK_ACCEPTED || state == CASEWORK_PROCESSING;
	time_us at = TIME_NONE;

	if (state == CASEWORK_SUPPLEMENT)
		at = dos->expires_at;
	else if (is_running && !dos->overdue)
		at = dos->due_at;
	*again = at;
	if (at == TIME_NONE || now < at)
		return EVENT_TYPES;
	*again = TIME_NONE;
	return is_running ? EV_CASEWORK_OVERDUE : timer_supplement(dos, now, intake_read_to, again);
}

/* --- deadlines ----------------------------------------------------------------- */

enum fault
casework_first_answer(const struct calendar *cal, const struct dossier *dos, time_us *out, struct err *err)
{
	enum deadline_channel channel = text_is(dos->channel, "online") ? DEADLINE_ONLINE :
	    text_is(dos->channel, "postal") ? DEADLINE_POSTAL : DEADLINE_COUNTER;

	return deadline_first_answer(cal, dos->received_at, channel, 0, out, err);
}

enum fault
casework_due(const struct calendar *cal, const struct deadline_rule *rule, time_us complete_at, time_us *out,
    struct err *err)
{
	struct deadline_facts facts = { .accepted_at = complete_at, .paid_at = TIME_NONE };
	struct deadline deadline;
	enum fault fault = deadline_reckon(cal, rule, &facts, NULL, &deadline, err);

	if (fault == FAULT_NONE)
		*out = deadline.due_at;
	return fault;
}
