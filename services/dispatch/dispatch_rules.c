/* dispatch_rules - see dispatch_rules.h. */
#include "dispatch_rules.h"

enum event_type
dispatch_way(const struct dossier *dos)
{
	enum event_type type = EV_DISPATCH_COUNTER_READY;

	if (text_is(dos->delivery, "online"))
		type = EV_DISPATCH_RELEASED;
	else if (text_is(dos->delivery, "postal"))
		type = EV_DISPATCH_PARCEL_ORDERED;
	return dossier_may(dos, type) ? type : EVENT_TYPES;
}

/* --- news ---------------------------------------------------------------------- */

static const struct {
	const char	*state;
	enum event_type	type;
} moves[] = {
	{ "posted", EV_DISPATCH_PARCEL_POSTED },
	{ "in_transit", EV_DISPATCH_PARCEL_IN_TRANSIT },
	{ "attempt_failed", EV_DISPATCH_PARCEL_ATTEMPT_FAILED },
	{ "delivered", EV_DISPATCH_PARCEL_DELIVERED },
	{ "returned", EV_DISPATCH_PARCEL_RETURNED },
};

static const struct rule_error
unknown_parcel = { "", "postal.unknown_parcel", "Mã đơn gửi không thuộc hồ sơ này.",
    "The parcel does not belong to this dossier." },
wrong_item = { "", "postal.item_code", "Số hiệu bưu gửi không trùng với số hiệu đã ghi nhận của đơn gửi.",
    "The item number differs from the one on record for this parcel." },
unknown_state = { "", "postal.state", "Trạng thái bưu gửi không có trong danh mục.",
    "The state of the item is not one of those agreed." },
not_sent = { "", "postal.not_sent", "Đơn gửi đã bị từ chối, không thể có trạng thái vận chuyển.",
    "The order was turned down; there is nothing to move." };

void
postal_news_read(const struct doc_node *data, time_us arrived_at, struct postal_news *out)
{
	*out = (struct postal_news){ .parcel = doc_get_text(data, "parcel"),
	    .item_code = doc_get_text(data, "item_code"), .state = doc_get_text(data, "state"),
	    .at = arrived_at, .attempt = INT_NONE };
	time_from_text(doc_get_text(data, "at"), &out->at);
	doc_get_int64(data, "attempt", &out->attempt);
}

static enum event_type
move_of(struct text state)
{
	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
		if (text_is(state, moves[i].state))
			return moves[i].type;
	return EVENT_TYPES;
}

/* A door found closed once is told once, however often the news comes. */
static bool
is_known(const struct parcel *parcel, const struct postal_news *news, enum event_type type)
{
	return type == EV_DISPATCH_PARCEL_ATTEMPT_FAILED && text_is(parcel->state, "attempt_failed") &&
	    news->attempt != INT_NONE && news->attempt <= parcel->attempts;
}

enum event_type
dispatch_judge_news(const struct dossier *dos, const struct parcel *parcel, const struct postal_news *news,
    const struct rule_error **why)
{
	enum event_type type = move_of(news->state);

	if (parcel == NULL)
		*why = &unknown_parcel;
	else if (!text_is_absent(parcel->item_code) && !text_is_equal(parcel->item_code, news->item_code))
		*why = &wrong_item;
	else if (type == EVENT_TYPES)
		*why = &unknown_state;
	else if (dossier_may(dos, type) && !is_known(parcel, news, type))
		return type;
	else if (dossier_may(dos, EV_DISPATCH_PARCEL_NOTED))
		return EV_DISPATCH_PARCEL_NOTED;
	else
		*why = &not_sent;
	return EV_DISPATCH_REFUSED;
}

enum event_type
dispatch_judge_placed(const struct dossier *dos, const struct parcel *parcel, struct text item_code)
{
	if (parcel == NULL)
		return EVENT_TYPES;
	if (dossier_may(dos, EV_DISPATCH_PARCEL_PLACED))
		return EV_DISPATCH_PARCEL_PLACED;
	if (text_is_equal(parcel->item_code, item_code) || !dossier_may(dos, EV_DISPATCH_PARCEL_NOTED))
		return EVENT_TYPES;
	return EV_DISPATCH_PARCEL_NOTED;
}
