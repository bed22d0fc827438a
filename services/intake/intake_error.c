/* intake_error - see intake_error.h. */
#include "intake_error.h"

#include "err.h"

struct sentence {
	const char	*rule;
	const char	*vi, *en;	/* one %s at most */
};

static const struct sentence sentences[] = {
	{ "json", "Không đọc được nội dung. Hãy gửi một tài liệu JSON hợp lệ.",
	    "The content cannot be read. Send a valid JSON document." },
	{ "request.conflict", "Mã gửi này đã được dùng cho một nội dung khác. Hãy gửi nội dung mới với mã gửi mới.",
	    "This id was used for another content. Send the new content under a new id." },

	{ "procedure.unknown", "Danh mục không có thủ tục với mã này. Hãy kiểm tra lại mã thủ tục.",
	    "The catalogue has no procedure with this code. Check the code." },
	{ "procedure.not_yet", "Thủ tục này chỉ được tiếp nhận từ ngày %s.",
	    "This procedure is accepted from %s on." },
	{ "procedure.closed", "Thủ tục này đã ngừng tiếp nhận từ ngày %s. Hãy xem thủ tục thay thế.",
	    "This procedure has been closed since %s. See which one replaces it." },
	{ "agency.unknown", "Danh mục không có cơ quan với mã này. Hãy kiểm tra lại mã cơ quan.",
	    "The catalogue has no agency with this code. Check the code." },
	{ "agency.not_yet", "Cơ quan này chỉ tiếp nhận hồ sơ từ ngày %s.",
	    "This agency takes dossiers from %s on." },
	{ "agency.closed", "Cơ quan này đã ngừng tiếp nhận hồ sơ từ ngày %s. Hãy chọn cơ quan kế thừa.",
	    "This agency has taken no dossiers since %s. Choose its successor." },
	{ "agency.not_offered", "Cơ quan này không tiếp nhận thủ tục đã chọn. Hãy chọn cơ quan có thẩm quyền.",
	    "This agency does not offer the procedure. Choose one that does." },
	{ "applicant.kind", "Thủ tục này không dành cho loại chủ hồ sơ đã khai.",
	    "This procedure is not open to this kind of applicant." },
	{ "case.unknown", "Thủ tục không có trường hợp này. Hãy chọn một trường hợp trong danh mục.",
	    "The procedure has no such case. Choose one of the catalogue." },

	{ "component.unknown", "Trường hợp đã chọn không có thành phần hồ sơ này. Hãy kiểm tra lại mã thành phần.",
	    "The case has no such component. Check the component code." },
	{ "component.duplicate", "Thành phần hồ sơ này đã được khai ở trên. Hãy gộp các tệp vào một thành phần.",
	    "This component stands above already. Put its files into one entry." },
	{ "files.size", "Tổng dung lượng các tệp vượt quá %s. Hãy giảm dung lượng tệp.",
	    "The files are larger than %s together. Make them smaller." },

	{ "delivery.not_offered", "Thủ tục không trả kết quả theo hình thức này. Hãy chọn hình thức khác.",
	    "The result is not delivered in this way. Choose another one." },
	{ "delivery.address", "Thiếu địa chỉ nhận kết quả qua bưu chính. Hãy điền địa chỉ.",
	    "The postal address for the result is missing. Fill it in." },
	{ "exemption.unknown", "Thủ tục không có diện miễn, giảm này. Hãy chọn một diện trong danh mục hoặc bỏ trống.",
	    "The procedure has no such ground of exemption. Choose one of the catalogue or leave it out." },

	{ "date.future", "Ngày khai ở tương lai. Hãy kiểm tra lại.",
	    "This date is in the future. Check it." },
	{ "date.ancient", "Ngày khai quá xa trong quá khứ. Hãy kiểm tra lại.",
	    "This date is too far in the past. Check it." },
	{ "tax_code.check_digit", "Mã số thuế không đúng. Hãy kiểm tra lại từng chữ số.",
	    "The tax code is wrong. Check its digits." },
	{ "tax_code.personal", "Doanh nghiệp dùng mã số thuế 10 chữ số, không dùng số định danh cá nhân.",
	    "A business has a tax code of 10 digits, not a personal number." },

	{ "request.not_owner", "Hồ sơ này được nộp từ cổng khác. Hãy gửi yêu cầu từ cổng đã nộp hồ sơ.",
	    "This dossier was submitted elsewhere. Send the request from the portal that submitted it." },
	{ "request.finished_dossier", "Hồ sơ đã kết thúc. Không thể thay đổi.",
	    "The dossier is finished. Nothing can be changed." },
	{ "request.decided", "Hồ sơ đã có kết quả giải quyết. Không thể thay đổi.",
	    "The dossier has been decided. This can no longer be changed." },
	{ "request.not_allowed", "Hồ sơ không ở trạng thái cho phép yêu cầu này.",
	    "The dossier is not in a state that allows this request." },
	{ "request.late", "Đã quá thời hạn bổ sung hồ sơ.",
	    "The time for the supplement is over." },
};

enum { N_SENTENCES = sizeof sentences / sizeof *sentences };

const char *
intake_rule_name(size_t i)
{
	return i < N_SENTENCES ? sentences[i].rule : NULL;
}

static const struct sentence *
sentence_find(const char *rule)
{
	for (size_t i = 0; i < N_SENTENCES; i++)
		if (strcmp(sentences[i].rule, rule) == 0)
			return &sentences[i];
	bug("no sentence for rule %s", rule);
}

static struct text
sentence_fill(struct arena *arena, const char *sentence, const char *detail)
{
	const char *place = strstr(sentence, "%s");
	struct buf buf;

	if (place == NULL)
		return text_of(sentence);
	buf = buf_in(arena);
	buf_put(&buf, sentence, (size_t)(place - sentence));
	buf_puts(&buf, detail != NULL ? detail : "?");
	buf_puts(&buf, place + 2);
	return buf_get(&buf);
}

static struct schema_error *
error_new(struct intake_errors *errors)
{
	if (errors->list == NULL)
		errors->list = ARENA_ARRAY(errors->arena, struct schema_error, INTAKE_ERRORS_MAX);
	return errors->n < INTAKE_ERRORS_MAX ? &errors->list[errors->n++] : NULL;
}

void
intake_error_add(struct intake_errors *errors, struct text pointer, const char *rule, const char *detail_vi,
    const char *detail_en)
{
	const struct sentence *sentence = sentence_find(rule);
	struct schema_error *error = error_new(errors);

	if (error != NULL)
		*error = (struct schema_error){ pointer, sentence->rule,
		    sentence_fill(errors->arena, sentence->vi, detail_vi),
		    sentence_fill(errors->arena, sentence->en, detail_en) };
}

void
intake_error_take(struct intake_errors *errors, const char *prefix, const struct schema_errors *found)
{
	for (int i = 0; i < found->n; i++) {
		const struct schema_error *from = &found->list[i];
		struct schema_error *error = error_new(errors);

		if (error == NULL)
			return;
		*error = (struct schema_error){ arena_printf(errors->arena, "%s%.*s", prefix, TEXT_ARG(from->pointer)),
		    from->rule, from->message_vi, from->message_en };
	}
}

struct text
intake_errors_json(const struct intake_errors *errors)
{
	struct schema_errors list = { errors->list, errors->n, false };
	struct buf buf = buf_in(errors->arena);

	schema_errors_write(&buf, &list);
	return buf_get(&buf);
}

struct text
intake_error_json(struct arena *arena, const char *rule)
{
	struct intake_errors errors = { .arena = arena };

	intake_error_add(&errors, TEXT(""), rule, NULL, NULL);
	return intake_errors_json(&errors);
}
