/*
 * enterprise - the national business registry (CSDL quoc gia ve dang ky doanh nghiep).
 *
 * Operation ChiTietDoanhNghiep.  It knows every tax code.  A business is
 * called as "companies" of the behaviour says, or else "CONG TY TNHH <code>"
 * in full Vietnamese letters.  Representatives are a list for some and a lone
 * object for others, as in the real registry.
 */
#include "serve.h"

struct business {
	struct text	code, name, representative;
	const char	*status;
};

static struct text
business_write(struct arena *arena, const struct business *business)
{
	struct buf buf = buf_in(arena);
	bool is_list = (business->code.s[business->code.n - 1] - '0') % 2 == 0;

	buf_puts(&buf, "{\"Data\":{\"MainInformation\":{\"NAME\":");
	buf_json_text(&buf, business->name);
	buf_puts(&buf, ",\"ENTERPRISE_GDT_CODE\":");
	buf_json_text(&buf, business->code);
	buf_printf(&buf, ",\"ENTERPRISE_TYPE_NAME\":\"Công ty trách nhiệm hữu hạn\","
	    "\"ENTERPRISE_STATUS_NAME\":\"%s\",\"FOUNDING_DATE\":\"2015-03-09\"},"
	    "\"HOAdress\":{\"AddressFullText\":\"Số 5 đường Láng, phường Láng, thành phố Hà Nội\",\"CityName\":\"Thành phố Hà Nội\",\"WardName\":\"Phường Láng\"},\"Representatives\":%s",
	    business->status, is_list ? "[" : "");
	buf_puts(&buf, "{\"FULL_NAME\":");
	buf_json_text(&buf, business->representative);
	buf_puts(&buf, is_list ? "}]}}" : "}}}");
	return buf_get(&buf);
}

static struct business
business_known(struct arena *arena, struct text code)
{
	struct business business = { .code = code, .status = "Đang hoạt động" };
	struct company company = { TEXT_NONE, TEXT_NONE };

	behave_company(code, &company);
	business.name = company.name;
	business.representative = company.representative;
	if (text_is_absent(business.name))
		business.name = arena_printf(arena, "CÔNG TY TNHH %.*s", TEXT_ARG(code));
	if (text_is_absent(business.representative))
		business.representative = TEXT("NGUYỄN VĂN AN");
	return business;
}

static struct reply
look_up(struct arena *arena, const struct conduct *conduct, struct text code)
{
	struct reply reply = { .status = 200, .outcome = "match" };
	struct business business = business_known(arena, code);

	if (conduct->deed == DO_NOT_FOUND) {
		reply.outcome = "not_found";
		reply.body = TEXT("{\"Data\":null}");
		return reply;
	}
	if (conduct->deed == DO_NO_RIGHT) {
		reply.status = 403;
		reply.outcome = "no_right";
		reply.body = TEXT("{\"error\":\"forbidden\"}");
		return reply;
	}
	if (conduct->deed == DO_MISMATCH) {
		reply.outcome = "mismatch";
		business.name = TEXT("CÔNG TY CỔ PHẦN KHÁC HẲN");
	} else if (conduct->deed == DO_WRONG_PERSON) {
		reply.outcome = "wrong_person";
		business.code = TEXT("0999999999");
	} else if (conduct->deed == DO_CLOSED) {
		reply.outcome = "closed";
		business.status = "Đã giải thể";
	}
	reply.body = business_write(arena, &business);
	return reply;
}

void
enterprise_request(struct request *request)
{
	struct subject subject = { .service = SERVICE_ENTERPRISE, .op = "lookup",
	    .key = web_header(request, "X-Request-Id"), .dossier = web_header(request, "X-Dossier"),
	    .agency = web_header(request, "X-Agency"), .number = web_query(request, "msdn") };
	struct conduct conduct;
	struct reply reply;

	if (text_is_absent(subject.key) || subject.number.n == 0) {
		serve_bad(request, &subject, "msdn and X-Request-Id are needed");
		return;
	}
	conduct = behave(&subject, PHASE_ANSWER);
	if (serve_fault(request, &subject, &conduct))
		return;
	reply = look_up(request->arena, &conduct, subject.number);
	serve_answer(request, &subject, &conduct, &reply);
}
