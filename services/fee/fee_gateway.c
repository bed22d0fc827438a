/* fee_gateway - see fee_gateway.h. */
#include "fee_gateway.h"

#include <stdio.h>

#include "digest.h"

enum { ANSWER_BYTES_MAX = 64 * 1024 };

/* --- what is sent -------------------------------------------------------------- */

/* yyyyMMddHHmmss in local time. */
static struct text
stamp(time_us t, struct arena *arena)
{
	int64_t local = t + LOCAL_OFFSET_US, seconds = local % DAY_US / SECOND_US;
	int year, month, day;

	civil_from_days(local / DAY_US, &year, &month, &day);
	return arena_printf(arena, "%04d%02d%02d%02d%02d%02d", year, month, day, (int)(seconds / 3600),
	    (int)(seconds / 60 % 60), (int)(seconds % 60));
}

static void
put_member(struct buf *buf, const char *name, struct text value)
{
	buf_puts(buf, ",\"");
	buf_puts(buf, name);
	buf_puts(buf, "\":");
	buf_json_text(buf, value);
}

/* One line of the receipt for each row of the tariff that costs something. */
static void
put_lines(struct buf *buf, const struct fee_due *due)
{
	const char *comma = "";

	for (size_t i = 0; i < due->n_lines; i++) {
		const struct fee_line *line = &due->lines[i];

		if (line->due_dong == 0)
			continue;
		buf_printf(buf, "%s{\"LoaiPhiLePhi\":\"%s\"", comma, line->kind == FEE_PHI ? "PHI" : "LE_PHI");
		put_member(buf, "MaPhiLePhi", line->code);
		put_member(buf, "TenPhiLePhi", line->name_vi);
		buf_printf(buf, ",\"SoTien\":%lld}", (long long)line->due_dong);
		comma = ",";
	}
}

struct text
fee_init_body(const struct dossier *dos, const struct event *ordered, const struct fee_due *due,
    const struct fee_law *law, struct arena *arena)
{
	struct buf buf = buf_in(arena);
	char until[TIME_TEXT_BYTES];

	time_to_text(ordered->expires_at, until);
	buf_puts(&buf, "{\"LoaiBanTin\":\"INIT\",\"PhienBan\":\"1.0.6\"");
	put_member(&buf, "MaThamChieu", ordered->order);
	buf_printf(&buf, ",\"SoTien\":%lld", (long long)ordered->amount);
	buf_puts(&buf, ",\"LoaiHinhThanhToan\":\"PAY\",\"MaTienTe\":\"VND\"");
	put_member(&buf, "NgonNgu", text_is(dos->language, "en") ? TEXT("en") : TEXT("vi"));
	put_member(&buf, "ThoiGianGD", stamp(ordered->at, arena));
	put_member(&buf, "ThongTinGiaoDich", arena_printf(arena, "Thanh toán phí, lệ phí hồ sơ %.*s",
	    TEXT_ARG(dos->code)));
	buf_puts(&buf, ",\"ThongTinBienLai\":{\"MaDVC\":");
	buf_json_text(&buf, dos->procedure);
	put_member(&buf, "MaTTHC", dos->procedure);
	put_member(&buf, "TenTTHC", law->name_vi);
	put_member(&buf, "MaDonVi", dos->agency);
	put_member(&buf, "MaHoSo", dos->code);
	buf_puts(&buf, ",\"PhiLePhi\":[");
	put_lines(&buf, due);
	buf_puts(&buf, "]}");
	put_member(&buf, "HanThanhToan", text_of(until));
	buf_puts(&buf, "}");
	return buf_get(&buf);
}

struct text
fee_refund_body(const struct event *ordered, struct arena *arena)
{
	struct buf buf = buf_in(arena);

	buf_puts(&buf, "{\"LoaiBanTin\":\"REFUND\"");
	put_member(&buf, "MaThamChieu", ordered->refund);
	put_member(&buf, "MaThamChieuGoc", ordered->order);
	buf_printf(&buf, ",\"SoTien\":%lld", (long long)ordered->amount);
	put_member(&buf, "LyDo", ordered->reason);
	buf_puts(&buf, "}");
	return buf_get(&buf);
}

struct text
fee_query_body(struct text id, struct arena *arena)
{
	struct buf buf = buf_in(arena);

	buf_puts(&buf, "{\"LoaiBanTin\":\"QUERY\"");
	put_member(&buf, "MaThamChieu", id);
	buf_puts(&buf, "}");
	return buf_get(&buf);
}

/* --- the seal ------------------------------------------------------------------ */

enum { SEALED_BYTES_MAX = 1024 };

/* Text or number as it stands in the sealed line; what is absent is empty. */
static size_t
put_sealed(char *line, size_t n, const struct doc_node *message, const char *name)
{
	struct text value = doc_get_text(message, name);
	int64_t number;
	int length = 0;

	if (n >= SEALED_BYTES_MAX)
		return n;
	if (doc_get_int64(message, name, &number))
		length = snprintf(line + n, SEALED_BYTES_MAX - n, "%lld|", (long long)number);
	else
		length = snprintf(line + n, SEALED_BYTES_MAX - n, "%.*s|", TEXT_ARG(value));
	return n + (size_t)length;
}

/* False for a message whose values are too long to be one of ours. */
static bool
seal_of(const struct doc_node *message, const char *secret, char hex[2 * DIGEST_BYTES + 1])
{
	static const char *const names[] = { "LoaiBanTin", "MaThamChieu", "SoTien", "MaGiaoDich" };
	char line[SEALED_BYTES_MAX];
	uint8_t digest[DIGEST_BYTES];
	size_t n = 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		n = put_sealed(line, n, message, names[i]);
	if (n + strlen(secret) >= sizeof line)
		return false;
	memcpy(line + n, secret, strlen(secret));
	digest_bytes(line, n + strlen(secret), digest);
	text_hex(digest, sizeof digest, hex);
	return true;
}

struct text
fee_seal(struct text body, const struct fee_platform *platform, struct arena *arena)
{
	struct buf buf = buf_in(arena);
	const struct doc_node *message;
	struct doc_error why;
	char hex[2 * DIGEST_BYTES + 1];

	if (doc_parse(arena, body, NULL, &message, &why) != FAULT_NONE || body.n == 0)
		bug("a message of ours to the payment platform is no JSON");
	if (!seal_of(message, platform->secret, hex))
		bug("a message of ours to the payment platform is too long");
	buf_put(&buf, body.s, body.n - 1);
	put_member(&buf, "MaDoiTac", text_of(platform->partner));
	put_member(&buf, "MaXacThuc", text_of(hex));
	buf_puts(&buf, "}");
	return buf_get(&buf);
}

bool
fee_is_genuine(const struct doc_node *answer, const char *secret)
{
	char hex[2 * DIGEST_BYTES + 1];

	return seal_of(answer, secret, hex) && text_is(doc_get_text(answer, "MaXacThuc"), hex);
}

void
fee_request(const struct fee_platform *platform, const char *path, struct text key, struct text body,
    struct http_request *out, struct arena *arena)
{
	out->url = arena_printf(arena, "%s%s", platform->url, path).s;
	out->post = true;
	out->body = fee_seal(body, platform, arena);
	out->headers[0] = arena_printf(arena, "Idempotency-Key: %.*s", TEXT_ARG(key)).s;
	out->timeout_ms = platform->timeout_ms;
	out->answer_max_bytes = ANSWER_BYTES_MAX;
}

/* --- what comes back ----------------------------------------------------------- */

static enum fee_reply
reply_never(const struct outcome *outcome, struct text code, struct err *err)
{
	char shown[9] = "-";

	if (code.n < sizeof shown && doc_name_is_plain(code))
		memcpy(shown, code.s, code.n + 1);
	err_set(err, FAULT_PARK, "ask the payment platform", shown, "it refused: HTTP %d, MaLoi %s",
	    outcome->status, shown);
	return FEE_REPLY_NEVER;
}

/* <dossier>.F<version>; a refund has an R. */
static bool
is_order(struct text id)
{
	return memchr(id.s, 'F', id.n) != NULL;
}

enum fee_reply
fee_reply(const struct outcome *outcome, struct text id, const char *secret, struct err *err)
{
	struct text code = doc_get_text(outcome->body, "MaLoi");
	int status = outcome->status;

	if (status == 408 || status == 429 || status >= 500)
		return FEE_REPLY_LATER;
	if (status >= 300 && status < 400)
		return FEE_REPLY_UNCLEAR;	/* sent elsewhere: nobody goes there */
	if (status < 200 || status >= 300)
		return reply_never(outcome, code, err);
	if (!fee_is_genuine(outcome->body, secret) ||
	    !text_is_equal(doc_get_text(outcome->body, "MaThamChieu"), id))
		return FEE_REPLY_UNCLEAR;
	if (text_is(code, "00"))
		return FEE_REPLY_DONE;
	/* "Unknown", of what it is being told: the answer to a question of before. */
	if (text_is(code, "01") && is_order(id))
		return FEE_REPLY_UNCLEAR;
	/* 02: the bank's money has not arrived where it is to be given back from. */
	return text_is(code, "02") ? FEE_REPLY_LATER : reply_never(outcome, code, err);
}

enum asked
fee_asked(int status, const struct doc_node *answer, struct text id, const char *secret)
{
	struct text code = doc_get_text(answer, "MaLoi");

	if (status != 200 || !fee_is_genuine(answer, secret) ||
	    !text_is_equal(doc_get_text(answer, "MaThamChieu"), id))
		return ASKED_UNCLEAR;
	if (text_is(code, "00"))
		return ASKED_HAPPENED;
	return text_is(code, "01") ? ASKED_NOT : ASKED_UNCLEAR;
}
