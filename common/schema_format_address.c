/* schema_format_address - email (RFC 5321 mailbox) and uri (RFC 3986, absolute). */
#include "schema_format.h"

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

bool
schema_format_email(struct text t)
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

bool
schema_format_uri(struct text t)
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
