/* tracking_template - see tracking_template.h. */
#include "tracking_template.h"

const struct template templates[NOTICES] = {
	[NOTICE_REGISTERED] = { "registered", "Đã nhận hồ sơ {code}", "Dossier {code} received",
	    "{agency} đã nhận hồ sơ {code}, thủ tục {procedure}, lúc {received}. Dùng mã hồ sơ để tra cứu.",
	    "{agency} has received dossier {code}, {procedure}, at {received}. Follow it by its code.", false },
	[NOTICE_REJECTED] = { "rejected", "Hồ sơ không hợp lệ", "Submission not valid",
	    "Hồ sơ gửi lúc {received} không hợp lệ nên chưa được ghi nhận. Xem lỗi trên cổng dịch vụ công, sửa và gửi lại.",
	    "The submission of {received} is not valid and was not registered. See the errors on the portal, correct "
	    "them and submit again.", true },
	[NOTICE_PAYMENT_NEEDED] = { "payment_needed", "Hồ sơ {code}: cần nộp phí, lệ phí", "Dossier {code}: payment needed",
	    "Hồ sơ {code} cần nộp {amount} (phí {phi}, lệ phí {le_phi}), chậm nhất {until}. Mã tham chiếu thanh toán: "
	    "{order}.",
	    "Dossier {code}: please pay {amount} (fee {phi}, charge {le_phi}) by {until}. Payment reference: {order}.", false },
	[NOTICE_PAYMENT_RECEIVED] = { "payment_received", "Hồ sơ {code}: đã nhận thanh toán", "Dossier {code}: payment received",
	    "Đã nhận {amount} cho hồ sơ {code}. {agency} tiếp tục xử lý hồ sơ.",
	    "{amount} received for dossier {code}. {agency} goes on with it.", false },
	[NOTICE_REFUND_ORDERED] = { "refund_ordered", "Hồ sơ {code}: hoàn tiền", "Dossier {code}: refund",
	    "Số tiền {amount} đã nộp cho hồ sơ {code} đang được hoàn lại. Lý do: {reason}.",
	    "{amount} paid for dossier {code} is being given back. Reason: {reason}.", false },
	[NOTICE_SUPPLEMENT_REQUESTED] = { "supplement_requested", "Hồ sơ {code}: cần bổ sung", "Dossier {code}: please supplement",
	    "{agency} đề nghị bổ sung hồ sơ {code}: {missing}. Lý do: {reason}. Gửi bổ sung chậm nhất {until}; quá hạn, "
	    "hồ sơ sẽ dừng xử lý.",
	    "{agency} asks you to supplement dossier {code}: {missing}. Reason: {reason}. Please send it by {until}; "
	    "otherwise the dossier will be stopped.", false },
	[NOTICE_ACCEPTED] = { "accepted", "Hồ sơ {code} được tiếp nhận", "Dossier {code} accepted",
	    "{agency} đã tiếp nhận hồ sơ {code} lúc {accepted}. Giấy hẹn {slip}. Hẹn trả kết quả: {due}. Người tiếp nhận: "
	    "{officer}.",
	    "{agency} accepted dossier {code} at {accepted}. Appointment slip {slip}. The result is due by {due}. "
	    "Accepted by {officer}.", false },
	[NOTICE_REFUSED] = { "refused", "Hồ sơ {code} không được tiếp nhận", "Dossier {code} not accepted",
	    "{agency} không tiếp nhận hồ sơ {code}. Lý do: {reason}. Căn cứ: {citation}.",
	    "{agency} does not accept dossier {code}. Reason: {reason}. Legal basis: {citation}.", true },
	[NOTICE_OVERDUE] = { "overdue", "Xin lỗi về hồ sơ {code} trễ hẹn", "Apology: dossier {code} is late",
	    "{agency} xin lỗi vì chưa trả kết quả hồ sơ {code} đúng hẹn ({due}). Hồ sơ vẫn đang được xử lý.",
	    "{agency} apologises: the result of dossier {code} was due by {due} and is late. It is still being worked on.", false },
	[NOTICE_STOPPED] = { "stopped", "Hồ sơ {code} dừng xử lý", "Dossier {code} stopped",
	    "Hồ sơ {code} dừng xử lý. Lý do: {reason}.", "Dossier {code} has been stopped. Reason: {reason}.", true },
	[NOTICE_WITHDRAWN] = { "withdrawn", "Hồ sơ {code} đã rút", "Dossier {code} withdrawn",
	    "Hồ sơ {code} đã được rút theo yêu cầu của người nộp.", "Dossier {code} has been withdrawn as requested.", true },
	[NOTICE_DECIDED] = { "decided", "Hồ sơ {code} đã có kết quả", "Dossier {code}: result ready",
	    "Hồ sơ {code} đã có kết quả ({result}) và sẽ được gửi qua bưu chính công ích.",
	    "The result of dossier {code} is ready ({result}) and will be sent by post.", false },
	[NOTICE_RELEASED] = { "released", "Kết quả hồ sơ {code}", "Result of dossier {code}",
	    "Kết quả hồ sơ {code} ({result}) đã có trên cổng dịch vụ công.",
	    "The result of dossier {code} ({result}) is on the portal.", true },
	[NOTICE_COUNTER_READY] = { "counter_ready", "Mời nhận kết quả hồ sơ {code}", "Collect the result of dossier {code}",
	    "Kết quả hồ sơ {code} ({result}) đã có tại {agency}. Mang theo giấy tờ tùy thân khi đến nhận.",
	    "The result of dossier {code} ({result}) is ready at {agency}. Bring an identity document.", false },
	[NOTICE_HANDED_OVER] = { "handed_over", "Đã trả kết quả hồ sơ {code}", "Result of dossier {code} handed over",
	    "Kết quả hồ sơ {code} đã được trả tại {agency}.",
	    "The result of dossier {code} has been handed over at {agency}.", true },
	[NOTICE_PARCEL_POSTED] = { "parcel_posted", "Kết quả hồ sơ {code} đã gửi", "Result of dossier {code} posted",
	    "Kết quả hồ sơ {code} đã được gửi qua bưu chính, số hiệu bưu gửi {item}.",
	    "The result of dossier {code} has been posted; item number {item}.", false },
	[NOTICE_PARCEL_ATTEMPT_FAILED] = { "parcel_attempt_failed", "Chưa phát được kết quả hồ sơ {code}",
	    "Dossier {code}: delivery failed",
	    "Bưu tá chưa phát được bưu gửi {item} (kết quả hồ sơ {code}) và sẽ phát lại.",
	    "Item {item}, the result of dossier {code}, could not be delivered; the post will try again.", false },
	[NOTICE_PARCEL_DELIVERED] = { "parcel_delivered", "Đã phát kết quả hồ sơ {code}", "Result of dossier {code} delivered",
	    "Bưu gửi {item} (kết quả hồ sơ {code}) đã được phát.",
	    "Item {item}, the result of dossier {code}, has been delivered.", true },
	[NOTICE_PARCEL_RETURNED] = { "parcel_returned", "Kết quả hồ sơ {code} bị chuyển hoàn", "Result of dossier {code} returned",
	    "Bưu gửi {item} không phát được và được chuyển hoàn. Mời nhận kết quả hồ sơ {code} tại {agency}.",
	    "Item {item} could not be delivered and goes back. Please collect the result of dossier {code} at {agency}.", false },
	[NOTICE_PARCEL_FAILED] = { "parcel_failed", "Kết quả hồ sơ {code} chưa gửi được", "Result of dossier {code} not posted",
	    "Bưu chính không nhận gửi kết quả hồ sơ {code} ({reason}). {agency} sẽ liên hệ để trả kết quả.",
	    "The post did not take the result of dossier {code} ({reason}). {agency} will contact you.", false },
};

static const struct reason reasons[] = {
	{ "address_invalid", "địa chỉ nhận không hợp lệ", "the address is not valid" },
	{ "dossier_ended", "hồ sơ đã kết thúc trước khi thanh toán", "the dossier had ended before the payment" },
	{ "missing_component", "thiếu thành phần hồ sơ", "a component is missing" },
	{ "not_eligible", "không đủ điều kiện theo quy định", "the conditions of the law are not met" },
	{ "paid_too_late", "thanh toán sau thời hạn", "the payment came too late" },
	{ "payment_expired", "quá thời hạn nộp phí, lệ phí", "the fee was not paid in time" },
	{ "post_refused", "bưu chính từ chối", "the post turned it down" },
	{ "refused", "hồ sơ không được tiếp nhận", "the dossier was not accepted" },
	{ "supplement_expired", "quá thời hạn bổ sung hồ sơ", "the supplement was not sent in time" },
	{ "unreadable", "giấy tờ không đọc được", "a paper cannot be read" },
	{ "withdrawn", "người nộp đã rút hồ sơ", "the dossier was withdrawn" },
	{ "wrong_authority", "không thuộc thẩm quyền giải quyết", "another agency is competent" },
};

const struct reason *
reason_find(struct text code)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (text_is(code, reasons[i].code))
			return &reasons[i];
	return NULL;
}
