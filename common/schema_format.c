/*
 * schema_format - the formats that are asserted.
 *
 * date, time, date-time: RFC 3339 (a leap second only where one can be);
 * email: RFC 5321 mailbox; uri: RFC 3986, absolute; uuid: RFC 9562.
 *
 * phone-vn: mobile ^(0|84|+84)[35789]\d{8}$, or a landline of 10 or 11 digits
 *	from 02.
 * personal-id-vn: 12 digits (Luật Căn cước 2023, Art. 12): three of the place
 *	of registration, one of century and sex, two of the year, six.  There is no
 *	check digit.  An unknown place is not refused, as codes come and go; place
 *	000 and centuries after the 21st are.
 * tax-code-vn: 10 digits with a check digit, and -001 to -999 for a branch
 *	(TT 105/2020, Art. 5); or a personal id (TT 86/2024, Art. 5).
 */
#include "clock.h"
#include "schema_format.h"

/* --- time -------------------------------------------------------------------- */

static bool
is_date(struct text t)
{
	int year = digits_at(t, 0, 4), month = digits_at(t, 5, 2), day = digits_at(t, 8, 2);

	return t.n == 10 && t.s[4] == '-' && t.s[7] == '-' && year >= 0 && month >= 1 && month <= 12 &&
	    day >= 1 && civil_exists(year, month, day);
}

/* "Z" or "+hh:mm"; minutes east. */
static bool
offset_read(struct text t, int *minutes)
{
	int hour, minute;

	*minutes = 0;
	if (t.n == 1 && (t.s[0] == 'Z' || t.s[0] == 'z'))
		return true;
	if (t.n != 6 || !is_one_of(t.s[0], "+-") || t.s[3] != ':')
		return false;
	hour = digits_at(t, 1, 2);
	minute = digits_at(t, 4, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return false;
	*minutes = (t.s[0] == '-' ? -1 : 1) * (hour * 60 + minute);
	return true;
}

static bool
is_time(struct text t)
{
	int hour = digits_at(t, 0, 2), minute = digits_at(t, 3, 2), second = digits_at(t, 6, 2), east;
	size_t n = 8;

	if (t.n < 9 || t.s[2] != ':' || t.s[5] != ':' || hour < 0 || hour > 23 || minute < 0 ||
	    minute > 59 || second < 0 || second > 60)
		return false;
	if (t.s[n] == '.') {
		size_t from = ++n;

		while (n < t.n && is_digit(t.s[n]))
			n++;
		if (n == from)
			return false;
	}
	if (!offset_read(skip(t, n), &east))
		return false;
	return second < 60 || (hour * 60 + minute - east + 2 * 1440) % 1440 == 23 * 60 + 59;
}

static bool
is_date_time(struct text t)
{
	return t.n > 11 && is_one_of(t.s[10], "Tt") && is_date((struct text){ t.s, 10 }) &&
	    is_time(skip(t, 11));
}

/* --- identifiers ------------------------------------------------------------ */

static bool
is_uuid(struct text t)
{
	if (t.n != 36)
		return false;
	for (size_t i = 0; i < t.n; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? t.s[i] != '-' : !is_hex(t.s[i]))
			return false;
	return true;
}

/* --- of Viet Nam ------------------------------------------------------------- */

static bool
is_phone_vn(struct text t)
{
	if (text_has_prefix(t, "+84"))
		t = skip(t, 3);
	else if (text_has_prefix(t, "84") && t.n >= 11)
		t = skip(t, 2);
	else if (text_has_prefix(t, "0"))
		t = skip(t, 1);
	else
		return false;
	if (!are_digits(t) || t.n == 0)
		return false;
	return is_one_of(t.s[0], "35789") ? t.n == 9 : t.s[0] == '2' && (t.n == 9 || t.n == 10);
}

static bool
is_personal_id_vn(struct text t)
{
	return t.n == 12 && are_digits(t) && !text_has_prefix(t, "000") && t.s[3] <= '3';
}

static bool
is_tax_code_vn(struct text t)
{
	static const int weight[] = { 31, 29, 23, 19, 17, 13, 7, 5, 3 };
	int sum = 0;

	if (t.n == 12)
		return is_personal_id_vn(t);
	if ((t.n != 10 && t.n != 14) || !are_digits((struct text){ t.s, 10 }))
		return false;
	for (int i = 0; i < 9; i++)
		sum += weight[i] * (t.s[i] - '0');
	/* A remainder of 0 would give 10, which is no digit: such codes are not issued. */
	if (10 - sum % 11 != t.s[9] - '0')
		return false;
	return t.n == 10 || (t.s[10] == '-' && digits_at(t, 11, 3) > 0);
}

format_check *
schema_format_find(struct text name, const char **canonical)
{
	static const struct { const char *name; format_check *check; } formats[] = {
		{ "date", is_date }, { "time", is_time }, { "date-time", is_date_time },
		{ "email", schema_format_email }, { "uri", schema_format_uri }, { "uuid", is_uuid },
		{ "phone-vn", is_phone_vn }, { "personal-id-vn", is_personal_id_vn },
		{ "tax-code-vn", is_tax_code_vn },
	};

	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		if (text_is(name, formats[i].name)) {
			*canonical = formats[i].name;
			return formats[i].check;
		}
	return NULL;
}
