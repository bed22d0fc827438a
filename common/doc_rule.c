/* doc_rule - what may be wrong with a document, in words: what it is, and what to do. */
#include "doc_reader.h"

const struct rule doc_rule_size = { "json.size",
	"Dữ liệu lớn hơn mức cho phép. Hãy gửi tệp đính kèm riêng và rút gọn nội dung.",
	"The document is larger than allowed. Send files apart and shorten it." };
const struct rule doc_rule_empty = { "json.empty",
	"Dữ liệu trống. Hãy gửi một tài liệu JSON.",
	"The document is empty. Send a JSON document." };
const struct rule doc_rule_depth = { "json.depth",
	"Dữ liệu lồng nhau quá nhiều tầng. Hãy giảm số tầng ngoặc.",
	"The document is nested too deeply. Use fewer levels of brackets." };
const struct rule doc_rule_duplicate = { "json.duplicate_key",
	"Một tên trường xuất hiện hai lần trong cùng một đối tượng. Hãy giữ lại một lần.",
	"A field name stands twice in one object. Keep it once." };
const struct rule doc_rule_encoding = { "json.encoding",
	"Dữ liệu không phải UTF-8 hợp lệ. Hãy gửi bằng UTF-8, không có dấu BOM.",
	"The document is not well-formed UTF-8. Send UTF-8 without a byte order mark." };
const struct rule doc_rule_nul = { "json.nul",
	"Dữ liệu có ký tự NUL. Hãy bỏ ký tự này.",
	"The document holds a NUL character. Remove it." };
const struct rule doc_rule_control = { "json.control",
	"Chuỗi có ký tự điều khiển chưa được mã hóa. Hãy bỏ hoặc viết dạng \\n, \\t, \\u00XX.",
	"A text holds a raw control character. Remove it or escape it." };
const struct rule doc_rule_number = { "json.number",
	"Số viết sai hoặc vượt quá giới hạn. Hãy dùng số nguyên trong 64 bit hoặc số thập phân ngắn.",
	"A number is malformed or out of range. Use integers within 64 bits or short decimals." };
const struct rule doc_rule_trailing = { "json.trailing",
	"Có dữ liệu thừa sau tài liệu JSON. Hãy gửi mỗi lần một tài liệu.",
	"There is something after the JSON document. Send one document at a time." };
const struct rule doc_rule_syntax = { "json.syntax",
	"Dữ liệu không đúng cú pháp JSON. Hãy kiểm tra dấu ngoặc, dấu phẩy và dấu nháy.",
	"The document is not JSON. Check its brackets, commas and quotes." };
