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
#include <stdio.h>

#include "clock.h"
#include "schema_program.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static struct text
skip(struct text t, size_t n)
{
	return (struct text){ t.s + n, t.n - n };
}

/* All of t is digits. */
static bool
are_digits(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (!is_digit(t.s[i]))
			return false;
	return true;
}

/* n digits at the start of t as a number, or -1. */
static int
digits_at(struct text t, size_t from, size_t n)
{
	int value = 0;

	if (t.n < from + n || !are_digits((struct text){ t.s + from, n }))
		return -1;
	for (size_t i = from; i < from + n; i++)
		value = value * 10 + (t.s[i] - '0');
	return value;
}

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

/* --- addresses --------------------------------------------------------------- */

/* Labels of letters, digits and inner hyphens, with dots between. */
static bool
is_domain(struct text t)
{
	size_t label = 0;

	if (t.n == 0 || t.n > 253)
		return false;
	for (size_t i = 0; i < t.n; i++) {
		bool inner = label > 0 && i + 1 < t.n && t.s[i + 1] != '.';

		if (t.s[i] == '.') {
			if (label == 0 || i + 1 == t.n)
				return false;
			label = 0;
		} else if (is_letter(t.s[i]) || is_digit(t.s[i]) || (t.s[i] == '-' && inner)) {
			if (++label > 63)
				return false;
		} else {
			return false;
		}
	}
	return true;
}

static bool
is_ipv4(struct text t)
{
	int groups = 0;

	for (size_t i = 0; i < t.n || groups < 4; groups++) {
		size_t from = i;

		while (i < t.n && is_digit(t.s[i]))
			i++;
		if (i == from || i - from > 3 || (i - from > 1 && t.s[from] == '0') ||
		    digits_at(t, from, i - from) > 255 || groups == 4)
			return false;
		if (groups < 3 && (i == t.n || t.s[i++] != '.'))
			return false;
	}
	return groups == 4;
}

static bool
is_ipv6(struct text t)
{
	int groups = 0;
	bool gap = false;

	for (size_t i = 0; i < t.n; ) {
		size_t from = i;

		if (t.n - i >= 2 && t.s[i] == ':' && t.s[i + 1] == ':') {
			if (gap)
				return false;
			gap = true;
			i += 2;
			continue;
		}
		if (from > 0 && t.s[from - 1] != ':' && t.s[i++] != ':')
			return false;
		from = i;
		while (i < t.n && is_hex(t.s[i]))
			i++;
		if (i < t.n && t.s[i] == '.')
			return is_ipv4(skip(t, from)) && (gap ? groups < 6 : groups == 6);
		if (i == from || i - from > 4)
			return false;
		groups++;
	}
	return gap ? groups < 8 : groups == 8;
}

/* "[1.2.3.4]", "[IPv6:…]" of a mailbox. */
static bool
is_address_literal(struct text t)
{
	struct text inner = { t.s + 1, t.n - 2 };

	if (t.n < 3 || t.s[0] != '[' || t.s[t.n - 1] != ']')
		return false;
	return text_has_prefix(inner, "IPv6:") ? is_ipv6(skip(inner, 5)) : is_ipv4(inner);
}

static bool
is_quoted(struct text t)
{
	if (t.n < 2 || t.s[0] != '"' || t.s[t.n - 1] != '"')
		return false;
	for (size_t i = 1; i + 1 < t.n; i++) {
		if (t.s[i] == '\\' && ++i + 1 == t.n)
			return false;
		if (t.s[i] < ' ' || t.s[i] > '~' || (t.s[i] == '"' && t.s[i - 1] != '\\'))
			return false;
	}
	return true;
}

static bool
is_dot_atom(struct text t)
{
	bool dot = true;

	for (size_t i = 0; i < t.n; i++) {
		if (t.s[i] == '.' ? dot : !is_letter(t.s[i]) && !is_digit(t.s[i]) &&
		    !is_one_of(t.s[i], "!#$%&'*+-/=?^_`{|}~"))
			return false;
		dot = t.s[i] == '.';
	}
	return !dot;
}

static bool
is_email(struct text t)
{
	size_t at = t.n;
	struct text local, domain;

	while (at > 0 && t.s[at - 1] != '@')
		at--;
	if (at == 0 || t.n > 254)
		return false;
	local = (struct text){ t.s, at - 1 };
	domain = skip(t, at);
	return local.n <= 64 && (is_dot_atom(local) || is_quoted(local)) &&
	    (is_domain(domain) || is_address_literal(domain));
}

/* Characters of a part of a URI, with whole percent escapes. */
static bool
is_uri_part(struct text t, const char *more)
{
	for (size_t i = 0; i < t.n; i++) {
		if (t.s[i] == '%') {
			if (t.n - i < 3 || !is_hex(t.s[i + 1]) || !is_hex(t.s[i + 2]))
				return false;
			i += 2;
		} else if (!is_letter(t.s[i]) && !is_digit(t.s[i]) &&
		    !is_one_of(t.s[i], "-._~!$&'()*+,;=") && !is_one_of(t.s[i], more)) {
			return false;
		}
	}
	return true;
}

/* [user@]host[:port] */
static bool
is_authority(struct text t)
{
	size_t at = t.n, port;

	while (at > 0 && t.s[at - 1] != '@')
		at--;
	if (at > 0 && !is_uri_part((struct text){ t.s, at - 1 }, ":"))
		return false;
	t = skip(t, at);
	if (t.n > 0 && t.s[0] == '[') {
		const char *end = memchr(t.s, ']', t.n);

		if (end == NULL || !is_ipv6((struct text){ t.s + 1, (size_t)(end - t.s) - 1 }))
			return false;
		t = skip(t, (size_t)(end - t.s) + 1);
		return t.n == 0 || (t.s[0] == ':' && are_digits(skip(t, 1)));
	}
	for (port = 0; port < t.n && t.s[port] != ':'; port++)
		continue;
	return is_uri_part((struct text){ t.s, port }, "") &&
	    (port == t.n || are_digits(skip(t, port + 1)));
}

static bool
is_uri(struct text t)
{
	size_t n = 0;

	while (n < t.n && (is_letter(t.s[n]) || (n > 0 && (is_digit(t.s[n]) || is_one_of(t.s[n], "+-.")))))
		n++;
	if (n == 0 || n == t.n || t.s[n] != ':')
		return false;
	t = skip(t, n + 1);
	if (text_has_prefix(t, "//")) {
		for (n = 2; n < t.n && !is_one_of(t.s[n], "/?#"); n++)
			continue;
		if (!is_authority((struct text){ t.s + 2, n - 2 }))
			return false;
		t = skip(t, n);
	}
	for (n = 0; n < t.n && t.s[n] != '#'; n++)
		continue;
	return is_uri_part((struct text){ t.s, n }, ":@/?") &&
	    (n == t.n || is_uri_part(skip(t, n + 1), ":@/?"));
}

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
		{ "email", is_email }, { "uri", is_uri }, { "uuid", is_uuid },
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
