/* load_mix - see load_mix.h. */
#include "load_mix.h"

#include <stdio.h>

#include "digest.h"

enum { KINDS = 97, FILE_BYTES = 20000 };

static const char *const given[] = { "An", "Bình", "Chi", "Dũng", "Hạnh", "Lan", "Minh", "Phúc" };
static const char *const family[] = { "Nguyễn Thị", "Trần Văn", "Lê Hoàng", "Phạm Thu", "Võ Đức" };

enum form { FORM_BIRTH, FORM_RESIDENCE, FORM_ENTERPRISE, FORMS };

/* What is drawn for the n-th dossier. */
struct draw {
	enum form	form;		/* a residence has its fee; the others are free of charge */
	bool		postal;
	bool		lacking;	/* its first component is left out, and supplemented later */
};

bool
mix_asks_enterprise(const struct mix *mix, int64_t n)
{
	return n * 37 % 100 < mix->enterprise;
}

static struct draw
draw(const struct mix *mix, int64_t n)
{
	if (mix_asks_enterprise(mix, n))
		return (struct draw){ FORM_ENTERPRISE, false, false };
	if (!mix->full)
		return (struct draw){ FORM_BIRTH, false, false };
	return (struct draw){ n % 10 < 6 ? FORM_RESIDENCE : FORM_BIRTH, (n / 10) % 10 < 4, (n / 3) % 10 == 7 };
}

/* --- files ------------------------------------------------------------------ */

/* One file of 20 kB by the simulator's rule: its name and a newline, repeated, cut to size. */
static void
put_file(struct buf *buf, int kind, int i)
{
	char name[64], hex[2 * DIGEST_BYTES + 1];
	uint8_t digest[DIGEST_BYTES];
	struct buf content = buf_in(buf->arena);
	int length = snprintf(name, sizeof name, "load-%d-%d-%d", kind, i, FILE_BYTES);

	while (content.n < FILE_BYTES) {
		buf_put(&content, name, (size_t)length);
		buf_puts(&content, "\n");
	}
	digest_bytes(content.s, FILE_BYTES, digest);
	text_hex(digest, DIGEST_BYTES, hex);
	buf_printf(buf, "{\"name\":\"%s.pdf\",\"uri\":\"%s\",\"size\":%d,\"sha256\":\"%s\","
	    "\"media_type\":\"application/pdf\"}", name, name, FILE_BYTES, hex);
}

static const char *const codes[FORMS][3] = {
	[FORM_BIRTH] = { "TP01", "TP02", "TP03" },
	[FORM_RESIDENCE] = { "TP01", "TP02", NULL },	/* the second has two files */
	[FORM_ENTERPRISE] = { "TP01", NULL, NULL },	/* what else it takes, the register supplies */
};

static void
put_components(struct buf *buf, int kind, struct draw d)
{
	for (int i = d.lacking; i < 3 && codes[d.form][i] != NULL; i++) {
		buf_printf(buf, "%s{\"code\":\"%s\",\"kind\":\"electronic\",\"files\":[", i > d.lacking ? "," : "",
		    codes[d.form][i]);
		put_file(buf, kind, i);
		if (d.form == FORM_RESIDENCE && i == 1) {
			buf_puts(buf, ",");
			put_file(buf, kind, 2);
		}
		buf_puts(buf, "]}");
	}
}

/* Digests are reckoned once for each of the kinds. */
static const char *
components(int64_t n, struct draw d)
{
	static char *made[KINDS][FORMS][2];
	int kind = (int)(n % KINDS);
	char **slot = &made[kind][d.form][d.lacking];

	if (*slot == NULL) {
		struct arena *arena = arena_new(0);
		struct buf buf = buf_in(arena);

		put_components(&buf, kind, d);
		*slot = mem_copy_text(buf_get(&buf).s);
		arena_free(arena);
	}
	return *slot;
}

/* --- forms ------------------------------------------------------------------ */

static void
put_residence(struct buf *buf, int64_t n)
{
	buf_printf(buf, "{\"move_in_date\":\"2026-10-01\",\"new_address\":{\"province\":\"19\","
	    "\"commune\":\"05443\",\"detail\":\"Số %d, đường Bắc Kạn\"},\"former_address\":"
	    "{\"province\":\"24\",\"commune\":\"07204\",\"detail\":\"Thôn Đông, xã Tân Mỹ\"},"
	    "\"household_head\":{\"name\":\"%s %s\",\"number\":\"0191%02d%06d\","
	    "\"relation\":\"self\"},\"members\":[]}", (int)(n % 200), family[n % 5], given[n % 8],
	    60 + (int)(n % 40), (int)(n * 7919 % 900000));
}

static void
put_birth(struct buf *buf, int64_t n)
{
	int year = 60 + (int)(n % 40);

	buf_printf(buf, "{\"child\":{\"name\":\"Trần Gia %s\",\"birth_date\":\"2026-10-30\","
	    "\"sex\":\"male\",\"ethnicity\":\"Kinh\",\"nationality\":\"VN\",\"birth_place\":"
	    "\"Bệnh viện A Thái Nguyên, tỉnh Thái Nguyên\",\"home_town\":\"Xã Tân Cương, tỉnh Thái "
	    "Nguyên\"},\"mother\":{\"name\":\"%s %s\",\"birth_year\":19%02d,\"number\":"
	    "\"0191%02d%06d\",\"address\":{\"province\":\"19\",\"commune\":\"05443\",\"detail\":"
	    "\"Số %d, tổ 4\"}},\"father\":{\"name\":\"Trần Văn Minh\",\"birth_year\":1988,"
	    "\"number\":\"019088004321\"},\"relation\":\"mother\",\"copies\":2}", given[n % 8],
	    family[n % 5], given[n % 8], year, year, (int)(n * 7919 % 900000), (int)(n % 200));
}

#define COMPANY "Công ty TNHH Chè Tân Cương Xanh"
#define TAX_CODE "4600987610"

static void
put_enterprise(struct buf *buf, int64_t n)
{
	buf_printf(buf, "{\"enterprise\":{\"name\":\"" COMPANY "\",\"tax_code\":\"" TAX_CODE "\"},"
	    "\"new_address\":{\"province\":\"19\",\"commune\":\"05443\",\"detail\":\"Số %d, đường Quang Trung\"},"
	    "\"phone\":\"0912000101\",\"tax_consequence\":false,\"decision\":{\"number\":\"05/QĐ-HĐTV\","
	    "\"on\":\"2026-11-10\"}}", (int)(n % 200));
}

static void
put_applicant(struct buf *buf, int64_t n, enum form form)
{
	int year = 60 + (int)(n % 40);

	if (form == FORM_ENTERPRISE)
		buf_printf(buf, "{\"kind\":\"business\",\"name\":\"" COMPANY "\",\"tax_code\":\"" TAX_CODE "\","
		    "\"number\":\"0190%02d%06d\",", year, (int)(n * 7919 % 900000));
	else
		buf_printf(buf, "{\"kind\":\"citizen\",\"name\":\"%s %s\",\"number\":\"0191%02d%06d\","
		    "\"birth_date\":\"19%02d-05-17\",", family[n % 5], given[n % 8], year,
		    (int)(n * 7919 % 900000), year);
	buf_printf(buf, "\"phone\":\"+849%08d\",\"address\":{\"province\":\"19\",\"commune\":\"05443\","
	    "\"detail\":\"Số %d, tổ 4\"}}", (int)(n % 100000000), (int)(n % 200));
}

struct text
mix_submission(const struct mix *mix, int64_t n, struct arena *arena)
{
	static const char *const procedures[FORMS] = { "1.001193", "1.004222", "2.002041" };
	static void (*const put_form[FORMS])(struct buf *, int64_t) = { put_birth, put_residence, put_enterprise };
	struct buf buf = buf_in(arena);
	struct draw d = draw(mix, n);

	buf_printf(&buf, "{\"procedure\":\"%s\",\"agency\":\"%s\",\"case\":\"default\",\"channel\":\"online\","
	    "\"language\":\"vi\",\"applicant\":", procedures[d.form], d.form == FORM_ENTERPRISE ? "H55.01" : "H55.242");
	put_applicant(&buf, n, d.form);
	buf_puts(&buf, ",\"form\":");
	put_form[d.form](&buf, n);
	buf_puts(&buf, ",\"components\":[");
	buf_puts(&buf, components(n, d));
	buf_puts(&buf, d.postal ? "],\"delivery\":{\"method\":\"postal\",\"address\":{\"name\":\"Nguyễn "
	    "Thị An\",\"phone\":\"+84912345678\",\"province\":\"19\",\"commune\":\"05443\","
	    "\"detail\":\"Số 1\"}}," : "],\"delivery\":{\"method\":\"online\"},");
	buf_puts(&buf, "\"declared\":{\"accepted\":true,\"text_version\":\"2026-07\","
	    "\"at\":\"2026-11-20T09:15:00+07:00\"}}");
	return buf_get(&buf);
}

struct text
mix_malformed(const struct mix *mix, enum mix_wrong wrong, int64_t n, struct arena *arena)
{
	struct text good = mix_submission(mix, n, arena);
	char *noise;

	switch (wrong) {
	case WRONG_TORN:
		return (struct text){ good.s, good.n / 2 };
	case WRONG_CONTRACT:	/* without its procedure, which stands first */
		return arena_printf(arena, "{%s", strchr(good.s, ',') + 1);
	case WRONG_NOISE:
		noise = arena_take(arena, good.n, 1);
		for (size_t i = 0; i < good.n; i++)
			noise[i] = (char)((uint8_t)good.s[i] * 167 + i * 13);
		return (struct text){ noise, good.n };
	default:
		return good;
	}
}
