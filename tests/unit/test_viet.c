/* viet: one form for every way of writing Vietnamese. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "viet.h"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new(0);
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(viet, .init = setup, .fini = teardown);

struct viet_case {
	const char	*in;
	const char	*out;
};

static void
expect(struct text (*f)(struct arena *, struct text), const struct viet_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct text got = f(arena, text_of(cases[i].in));

		cr_expect(text_is(got, cases[i].out), "%s: \"%.*s\", not \"%s\"", cases[i].in,
		    TEXT_ARG(got), cases[i].out);
	}
}

#define EXPECT(f, cases) expect((f), (cases), sizeof (cases) / sizeof *(cases))

Test(viet, fold)
{
	static const struct viet_case cases[] = {
		{ "Nguyễn Văn An", "NGUYỄN VĂN AN" },
		{ "nguyễn  văn\t an ", "NGUYỄN VĂN AN" },
		{ "  NGUYỄN\u00a0VĂN\u3000AN", "NGUYỄN VĂN AN" },
		{ "Nguy\u200bễn V\u00adăn An\ufeff", "NGUYỄN VĂN AN" },
		{ "", "" },
		{ "   ", "" },
		{ "\u200b", "" },
		/* combining marks, canonical order and others */
		{ "Nguye\u0302\u0303n Va\u0306n An", "NGUYỄN VĂN AN" },
		{ "Nguye\u0303\u0302n", "NGUYỄN" },
		{ "Nguy\u1ebd\u0302n", "NGUYỄN" },
		{ "Nguy\u00ea\u0303n", "NGUYỄN" },
		{ "Vie\u0323\u0302t", "VIỆT" },		/* NFD: the dot comes first */
		{ "Vie\u0302\u0323t", "VIỆT" },
		{ "Vi\u1eb9\u0302t", "VIỆT" },
		{ "Thu\u031bo\u031b\u0309ng", "THƯỞNG" },
		{ "Thu\u031bo\u0309\u031bng", "THƯỞNG" },
		{ "Y\u0341", "Ý" },			/* the deprecated acute */
		{ "D\u0335u\u0301c", "ĐÚC" },
		{ "đức Đức \u00d0ức \u00f0ức \u0189ức", "ĐỨC ĐỨC ĐỨC ĐỨC ĐỨC" },
		/* marks that do not fit stay what they are */
		{ "a\u0301\u0300", "Á\u0300" },
		{ "b\u0301", "B\u0301" },
		{ "i\u0302", "I\u0302" },
		{ "\u0301a", "\u0301A" },
		{ "n\u0303 \u00f1 Bl\u014f Blo\u0306", "Ñ Ñ BLŎ BLŎ" },
		/* other letters */
		{ "H\u2019Hen Niê", "H'HEN NIÊ" },
		{ "Số 12/3-A", "SỐ 12/3-A" },
		{ "北京 Δ Ж", "北京 Δ Ж" },
		{ "😀a", "😀A" },
	};

	EXPECT(viet_fold, cases);
	cr_expect(text_is_absent(viet_fold(arena, TEXT_NONE)));
	cr_expect(!text_is_absent(viet_fold(arena, TEXT(""))));
}

Test(viet, upper_case)
{
	static const struct viet_case cases[] = {
		{ "abcxyz ABCXYZ", "ABCXYZ ABCXYZ" },
		{ "àáâãèéêìíòóôõùúý", "ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝ" },
		{ "ăằẳẵắặ âầẩẫấậ", "ĂẰẲẴẮẶ ÂẦẨẪẤẬ" },
		{ "êềểễếệ ôồổỗốộ", "ÊỀỂỄẾỆ ÔỒỔỖỐỘ" },
		{ "ơờởỡớợ ưừửữứự", "ƠỜỞỠỚỢ ƯỪỬỮỨỰ" },
		{ "ảạẻẽẹỉĩịỏọủũụỳỷỹỵ", "ẢẠẺẼẸỈĨỊỎỌỦŨỤỲỶỸỴ" },
		{ "äöüßÿ÷×", "ÄÖÜßŸ÷×" },
		{ "ćčďěłńřšťž", "ĆČĎĚŁŃŘŠŤŽ" },
		{ "ıİĸ", "Iİĸ" },
		{ "ḁẖ", "Ḁẖ" },
	};

	EXPECT(viet_fold, cases);
}

/* Each vowel with each tone: composed, decomposed in both orders, in both cases. */
Test(viet, every_letter)
{
	static const char *const letters[] = { "A", "Ă", "Â", "E", "Ê", "I", "O", "Ô", "Ơ", "U", "Ư", "Y" };
	static const char *const lower[] = { "a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y" };
	static const char *const base[] = { "a", "a", "a", "e", "e", "i", "o", "o", "o", "u", "u", "y" };
	static const char *const shape[] = { "", "\u0306", "\u0302", "", "\u0302", "", "", "\u0302",
	    "\u031b", "", "\u031b", "" };
	static const char *const tones[] = { "", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323" };
	static const char *const composed[] = {
		"AÀẢÃÁẠ", "ĂẰẲẴẮẶ", "ÂẦẨẪẤẬ", "EÈẺẼÉẸ", "ÊỀỂỄẾỆ", "IÌỈĨÍỊ", "OÒỎÕÓỌ", "ÔỒỔỖỐỘ", "ƠỜỞỠỚỢ",
		"UÙỦŨÚỤ", "ƯỪỬỮỨỰ", "YỲỶỸÝỴ"
	};

	for (int v = 0; v < 12; v++) {
		const char *p = composed[v];

		for (int tone = 0; tone < 6; tone++) {
			size_t n = (unsigned char)*p < 0x80 ? 1 : (unsigned char)*p < 0xe0 ? 2 : 3;
			struct text want = { p, n }, forms[4];

			forms[0] = arena_printf(arena, "%s%s", letters[v], tones[tone]);
			forms[1] = arena_printf(arena, "%s%s", lower[v], tones[tone]);
			forms[2] = arena_printf(arena, "%s%s%s", base[v], shape[v], tones[tone]);
			forms[3] = arena_printf(arena, "%s%s%s", base[v], tones[tone], shape[v]);
			for (int k = 0; k < 4; k++)
				cr_expect(text_is_equal(viet_fold(arena, forms[k]), want),
				    "%s tone %d form %d", letters[v], tone, k);
			cr_expect(text_is_equal(viet_fold(arena, want), want));
			p += n;
		}
	}
}

/* No byte is read outside the text, whatever it is, and folding twice changes nothing. */
Test(viet, malformed)
{
	static const struct { const char *in; size_t n; const char *out; } cases[] = {
		{ "a\xff" "b", 3, "A\ufffdB" },
		{ "\xc3", 1, "\ufffd" },
		{ "\xe1\xbb", 2, "\ufffd\ufffd" },
		{ "\xf0\x9f\x98", 3, "\ufffd\ufffd\ufffd" },
		{ "\xed\xa0\x80", 3, "\ufffd\ufffd\ufffd" },
		{ "\xc0\x80", 2, "\ufffd\ufffd" },
		{ "\x80", 1, "\ufffd" },
	};
	uint32_t seed = 1;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect(text_is(viet_fold(arena, arena_copy(arena, cases[i].in, cases[i].n)),
		    cases[i].out), "%zu", i);
	for (int round = 0; round < 20000; round++) {
		unsigned char bytes[12];
		struct text once;
		size_t n = (size_t)round % sizeof bytes;
		char *exact = NULL;

		for (size_t k = 0; k < n; k++) {
			seed = seed * 1664525 + 1013904223;
			bytes[k] = (unsigned char)(seed >> 24);
			if (k > 0 && seed >> 23 & 1)	/* marks and letters, often */
				bytes[k] = (unsigned char)(bytes[k - 1] == 0xcc ? 0x80 | (bytes[k] & 0x3f) : 0xcc);
		}
		exact = mem_new(n, 1);		/* so that a sanitizer sees its end */
		memcpy(exact, bytes, n);
		once = viet_fold(arena, (struct text){ exact, n });
		cr_assert(text_is_utf8(once));
		cr_assert(text_is_equal(viet_fold(arena, once), once), "round %d", round);
		once = viet_key(arena, (struct text){ exact, n });
		cr_assert(text_is_equal(viet_key(arena, once), once), "key, round %d", round);
		viet_initials(arena, (struct text){ exact, n });
		free(exact);
		if (round % 1000 == 0)
			arena_reset(arena);
	}
}

Test(viet, key)
{
	static const struct viet_case cases[] = {
		{ "Hòa", "HOÀ" },
		{ "Hoà", "HOÀ" },
		{ "Ho\u0300a", "HOÀ" },
		{ "Thúy", "THUÝ" },
		{ "Thuý", "THUÝ" },
		{ "Khỏe", "KHOẺ" },
		{ "Qúy", "QUÝ" },
		{ "Quý", "QUÝ" },
		{ "Của", "CỦA" },		/* another vowel pair */
		{ "Ngọc Ánh", "NGỌC ÁNH" },
		{ "Mía", "MÍA" },
		{ "Lò A", "LÒ A" },		/* not over a space */
		{ "", "" },
	};

	EXPECT(viet_key, cases);
	cr_expect(!text_is_equal(viet_fold(arena, TEXT("Hòa")), viet_fold(arena, TEXT("Hoà"))));
	cr_expect(text_is_absent(viet_key(arena, TEXT_NONE)));
}

Test(viet, initials)
{
	static const struct viet_case cases[] = {
		{ "Nguyễn Văn An", "N.V.A." },
		{ "nguyễn văn an", "N.V.A." },
		{ "Nguyễn Thị Ánh", "N.T.A." },
		{ "Đặng Ôn Ấn Ứng", "Đ.Ô.Â.Ư." },
		{ "Đa\u0306\u0323ng O\u0302n", "Đ.Ô." },
		{ "d\u0335ặng", "Đ." },
		{ "  An  ", "A." },
		{ "H'Hen Niê", "H.N." },
		{ "\"An\" (Bình) 12", "A.B." },
		{ "", "" },
		{ "123", "" },
	};

	EXPECT(viet_initials, cases);
	cr_expect(text_is_absent(viet_initials(arena, TEXT_NONE)));
}
