/* dispatch_gateway - see dispatch_gateway.h. */
#include "dispatch_gateway.h"

/* --- what is sent -------------------------------------------------------------- */

static const struct doc_node *
address_of(const struct doc_node *delivery)
{
	return text_is(doc_get_text(delivery, "method"), "postal") ? doc_get(delivery, "address") : NULL;
}

const struct doc_node *
dispatch_address(const struct content *contents, int n)
{
	const struct doc_node *address;

	for (int i = n - 1; i >= 0; i--) {
		if (!text_is(contents[i].kind, "delivery") && !text_is(contents[i].kind, "submission"))
			continue;
		address = address_of(doc_get(contents[i].data, "delivery"));
		if (address != NULL)
			return address;
	}
	return NULL;
}

static void
put_member(struct buf *buf, const char *name, struct text value)
{
	buf_puts(buf, ",\"");
	buf_puts(buf, name);
	buf_puts(buf, "\":");
	buf_json_text(buf, value);
}

struct text
dispatch_order_body(const struct dossier *dos, struct text parcel, const char *customer,
    const struct doc_node *sender, const struct doc_node *receiver, struct arena *arena)
{
	struct buf buf = buf_in(arena);

	buf_puts(&buf, "{\"CustomerCode\":");
	buf_json_text(&buf, text_of(customer));
	put_member(&buf, "OrderNumber", parcel);
	buf_puts(&buf, ",\"CODAmount\":0");
	put_member(&buf, "SenderName", doc_get_text(sender, "name"));
	put_member(&buf, "SenderTel", doc_get_text(sender, "phone"));
	put_member(&buf, "SenderProvince", doc_get_text(sender, "province"));
	put_member(&buf, "SenderAddress", doc_get_text(sender, "detail"));
	put_member(&buf, "Description", arena_printf(arena, "Kết quả giải quyết hồ sơ %.*s", TEXT_ARG(dos->code)));
	put_member(&buf, "ReceiverName", doc_get_text(receiver, "name"));
	put_member(&buf, "ReceiverTel", doc_get_text(receiver, "phone"));
	put_member(&buf, "ReceiverProvince", doc_get_text(receiver, "province"));
	put_member(&buf, "ReceiverCommune", doc_get_text(receiver, "commune"));
	put_member(&buf, "ReceiverAddress", doc_get_text(receiver, "detail"));
	buf_puts(&buf, "}");
	return buf_get(&buf);
}

/* --- what comes back ----------------------------------------------------------- */

static bool
is_placed(struct text status)
{
	return text_is(status, "100") || text_is(status, "101");
}

static bool
is_of_another(const struct doc_node *body, struct text parcel)
{
	struct text number = doc_get_text(body, "OrderNumber");

	return number.n > 0 && !text_is_equal(number, parcel);
}

enum dispatch_reply
dispatch_reply(const struct outcome *outcome, struct text parcel, struct text *item_code, const char **reason,
    struct err *err)
{
	struct text status = doc_get_text(outcome->body, "Status");
	struct text code = doc_get_text(outcome->body, "ItemCode");
	int http = outcome->status;

	if (http == 408 || http == 429 || http >= 500)
		return DISPATCH_REPLY_LATER;
	/* Sent elsewhere, where nobody goes. */
	if ((http >= 300 && http < 400) || is_of_another(outcome->body, parcel))
		return DISPATCH_REPLY_UNCLEAR;
	if (is_placed(status) && code.n > 0) {
		*item_code = code;
		return DISPATCH_REPLY_PLACED;
	}
	if (text_is(status, "400") || text_is(status, "422")) {
		*reason = text_is(status, "400") ? "address_invalid" : "post_refused";
		return DISPATCH_REPLY_FAILED;
	}
	/* Who we are, or how often we ask, is no word about the parcel. */
	if (http >= 200 && http < 300 && text_is(status, "429"))
		return DISPATCH_REPLY_LATER;
	if (http >= 200 && http < 300 && (status.n == 0 || status.s[0] != '4'))
		return DISPATCH_REPLY_UNCLEAR;
	err_set(err, FAULT_PARK, "order a parcel", NULL, "the post refused: HTTP %d", http);
	return DISPATCH_REPLY_NEVER;
}

enum asked
dispatch_asked(int status, const struct doc_node *body, struct text parcel)
{
	struct text said = doc_get_text(body, "Status");

	if (is_of_another(body, parcel))
		return ASKED_UNCLEAR;
	if (status == 200 && is_placed(said) && doc_get_text(body, "ItemCode").n > 0)
		return ASKED_HAPPENED;
	return (status == 200 || status == 404) && text_is(said, "404") ? ASKED_NOT : ASKED_UNCLEAR;
}
