/* schema_uri - resolving references; RFC 3986, 5.2 and 5.3, as far as names of schemas need it. */
#include "schema_program.h"

struct parts {
	struct text scheme, authority, path, query, fragment;	/* absent when not there */
};

/* Take everything before one of the bytes in stop; the rest stays in *t. */
static struct text
cut(struct text *t, const char *stop)
{
	size_t n = 0;
	struct text head;

	while (n < t->n && strchr(stop, t->s[n]) == NULL)
		n++;
	head = (struct text){ t->s, n };
	t->s += n;
	t->n -= n;
	return head;
}

static struct text
cut_after(struct text *t, char mark, const char *stop)
{
	if (t->n == 0 || t->s[0] != mark)
		return TEXT_NONE;
	t->s++;
	t->n--;
	return cut(t, stop);
}

static struct parts
split(struct text t)
{
	struct parts parts = { .scheme = TEXT_NONE };
	struct text rest = t, head = cut(&rest, ":/?#");

	if (head.n > 0 && rest.n > 0 && rest.s[0] == ':') {
		parts.scheme = head;
		t = (struct text){ rest.s + 1, rest.n - 1 };
	}
	if (text_has_prefix(t, "//")) {
		t.s += 2;
		t.n -= 2;
		parts.authority = cut(&t, "/?#");
	}
	parts.path = cut(&t, "?#");
	parts.query = cut_after(&t, '?', "#");
	parts.fragment = cut_after(&t, '#', "");
	return parts;
}

/* Drop the last segment of what was written since from. */
static void
segment_drop(struct buf *buf, size_t from)
{
	while (buf->n > from && buf->s[--buf->n] != '/')
		continue;
}

/* RFC 3986, 5.2.4. */
static void
put_path(struct buf *buf, struct text path)
{
	size_t from = buf->n;

	while (path.n > 0) {
		bool slash = path.s[0] == '/';
		struct text rest = { path.s + slash, path.n - slash };
		struct text segment = cut(&rest, "/");
		bool up = text_is(segment, ".."), stay = text_is(segment, ".");

		if (up && buf->n > from)
			segment_drop(buf, from);
		if (!up && !stay)
			buf_put(buf, path.s, slash + segment.n);
		else if (rest.n == 0)
			buf_puts(buf, "/");
		path = rest;
	}
}

static void
put_marked(struct buf *buf, const char *before, struct text t, const char *after)
{
	if (text_is_absent(t))
		return;
	buf_puts(buf, before);
	buf_text(buf, t);
	buf_puts(buf, after);
}

/* The reference's path, seen from the directory of the base. */
static struct text
merge(struct arena *arena, const struct parts *base, struct text path)
{
	size_t n = base->path.n;

	if (!text_is_absent(base->authority) && n == 0)
		return arena_printf(arena, "/%.*s", TEXT_ARG(path));
	while (n > 0 && base->path.s[n - 1] != '/')
		n--;
	return arena_printf(arena, "%.*s%.*s", (int)n, base->path.s, TEXT_ARG(path));
}

struct text
schema_uri_resolve(struct arena *arena, struct text base_uri, struct text reference)
{
	struct parts base = split(base_uri), to = split(reference);
	struct buf buf = buf_in(arena);

	if (text_is_absent(to.scheme)) {
		to.scheme = base.scheme;
		if (text_is_absent(to.authority)) {
			to.authority = base.authority;
			if (to.path.n == 0) {
				to.path = base.path;
				if (text_is_absent(to.query))
					to.query = base.query;
			} else if (to.path.s[0] != '/') {
				to.path = merge(arena, &base, to.path);
			}
		}
	}
	put_marked(&buf, "", to.scheme, ":");
	put_marked(&buf, "//", to.authority, "");
	if (text_is_absent(to.authority) && to.path.n > 0 && to.path.s[0] != '/')
		buf_text(&buf, to.path);	/* urn:… */
	else
		put_path(&buf, to.path);
	put_marked(&buf, "?", to.query, "");
	put_marked(&buf, "#", to.fragment, "");
	return buf_get(&buf);
}

static struct text
percent_decode(struct arena *arena, struct text t)
{
	struct buf buf = buf_in(arena);

	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if (c == '%' && i + 2 < t.n && text_unhex((struct text){ t.s + i + 1, 2 }, &c, 1))
			i += 2;
		buf_put(&buf, &c, 1);
	}
	return buf_get(&buf);
}

struct text
schema_uri_split(struct arena *arena, struct text uri, struct text *fragment)
{
	struct text rest = uri, head = cut(&rest, "#");

	*fragment = rest.n > 0 ? percent_decode(arena, (struct text){ rest.s + 1, rest.n - 1 }) : TEXT_NONE;
	return head;
}
