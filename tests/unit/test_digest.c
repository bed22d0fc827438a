/* digest: published vectors, identifiers that were computed elsewhere, UUIDs as text. */
#include <criterion/criterion.h>

#include "digest.h"

static const char *
hex(const void *bytes, size_t n)
{
	static char out[2 * DIGEST_BYTES + 1];

	text_hex(bytes, n, out);
	return out;
}

/* FIPS 180-4's examples, and others known everywhere. */
static const struct {
	const char	*name;
	const char	*part;
	int		times;
	const char	*digest;
} vectors[] = {
	{ "nothing", "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "a million a", "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
};

Test(digest, vectors)
{
	struct digest *digest = digest_new();
	uint8_t out[DIGEST_BYTES];

	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		digest_begin(digest);
		for (int k = 0; k < vectors[i].times; k++)
			digest_raw(digest, vectors[i].part, strlen(vectors[i].part));
		digest_end(digest, out);
		cr_expect_str_eq(hex(out, sizeof out), vectors[i].digest, "%s", vectors[i].name);
	}
	digest_free(digest);
	digest_free(NULL);
}

Test(digest, one_shot)
{
	uint8_t out[DIGEST_BYTES], all[256];

	digest_bytes("abc", 3, out);
	cr_assert_str_eq(hex(out, sizeof out), vectors[1].digest);
	digest_bytes(NULL, 0, out);
	cr_assert_str_eq(hex(out, sizeof out), vectors[0].digest);
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	digest_bytes(all, sizeof all, out);
	cr_assert_str_eq(hex(out, sizeof out), "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880");
}

Test(digest, begun_again_forgets)
{
	struct digest *digest = digest_new();
	uint8_t out[DIGEST_BYTES];

	digest_begin(digest);
	digest_raw(digest, "of an entry that failed", 23);
	digest_begin(digest);
	digest_raw(digest, "abc", 3);
	digest_end(digest, out);
	cr_assert_str_eq(hex(out, sizeof out), vectors[1].digest);
	digest_free(digest);
}

Test(digest, length_prefix)
{
	static const struct { const char *name; size_t n; uint8_t prefix[4]; } cases[] = {
		{ "nothing", 0, { 0, 0, 0, 0 } }, { "one", 1, { 0, 0, 0, 1 } }, { "255", 255, { 0, 0, 0, 255 } },
		{ "256", 256, { 0, 0, 1, 0 } }, { "65536", 65536, { 0, 1, 0, 0 } },
	};
	static char bytes[65536];
	struct digest *digest = digest_new();

	memset(bytes, 'x', sizeof bytes);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t prefixed[DIGEST_BYTES], plain[DIGEST_BYTES];

		digest_begin(digest);
		digest_lp(digest, (struct text){ bytes, cases[i].n });
		digest_end(digest, prefixed);
		digest_begin(digest);
		digest_raw(digest, cases[i].prefix, 4);
		digest_raw(digest, bytes, cases[i].n);
		digest_end(digest, plain);
		cr_expect_arr_eq(prefixed, plain, DIGEST_BYTES, "%s", cases[i].name);
	}
	digest_free(digest);
}

Test(digest, salted)
{
	uint8_t salt[SALT_BYTES], out[DIGEST_BYTES];

	for (int i = 0; i < SALT_BYTES; i++)
		salt[i] = (uint8_t)i;
	digest_salted(salt, TEXT("abc"), out);
	cr_assert_str_eq(hex(out, sizeof out), "f9b234fe3638bdd7671503b81bda6e249f96aea7e0d8ca758c8f5ab13096de90");
	digest_salted(salt, TEXT_NONE, out);
	cr_assert_str_eq(hex(out, sizeof out), "be45cb2605bf36bebde684841a28f0fd43c69850a3dce5fedba69928ee3a8991");
	salt[15] ^= 1;
	digest_salted(salt, TEXT("abc"), out);
	cr_assert_str_neq(hex(out, sizeof out), "f9b234fe3638bdd7671503b81bda6e249f96aea7e0d8ca758c8f5ab13096de90");
}

/*
 * Computed by another program:
 *   h = sha256(len32be(source) + source + len32be(id) + id)[:16]
 *   h[6] = h[6] & 0x0f | 0x80; h[8] = h[8] & 0x3f | 0x80
 */
#define S100 "ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
#define I100 "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii"

static const struct {
	const char	*source, *id, *uuid, *input;
} derived[] = {
	{ "https://dichvucong.example.vn", "2026-0001", "5256d634-54c0-8061-8fc2-d731c293ce38",
	    "5256d63454c030610fc2d731c293ce38" },
	{ "", "", "af5570f5-a181-8b7a-b78c-af4bc70a660f", "af5570f5a1810b7af78caf4bc70a660f" },
	{ "a", "bc", "b534ce16-ac9c-8b36-823f-39a395ce8e0e", "b534ce16ac9c8b36823f39a395ce8e0e" },
	{ "ab", "c", "f2939f90-3016-85bb-a9b1-e4a61cdbd376", "f2939f903016e5bb29b1e4a61cdbd376" },
	{ "/portal/tỉnh", "hồ sơ", "1c1d98c4-030b-8013-be9a-aa33f99ba79d", "1c1d98c4030bd0133e9aaa33f99ba79d" },
	{ S100 S100 S100, I100 I100 I100, "ebb743b0-2161-8347-8ac1-dd9388ad0a5d", "ebb743b0216113478ac1dd9388ad0a5d" },
};

Test(digest, dossier_ids)
{
	for (size_t i = 0; i < sizeof derived / sizeof *derived; i++) {
		uint8_t id[UUID_BYTES];
		char text[UUID_TEXT_BYTES];

		dossier_id_derive(text_of(derived[i].source), text_of(derived[i].id), id);
		uuid_to_text(id, text);
		cr_expect_str_eq(text, derived[i].uuid);
		cr_expect_eq(id[6] >> 4, 8, "version");
		cr_expect_eq(id[8] >> 6, 2, "variant");
	}
}

Test(digest, dossier_ids_always_say_what_they_are)
{
	char name[2] = { 0 };

	for (int i = 0; i < 512; i++) {
		uint8_t id[UUID_BYTES];

		name[0] = (char)(i & 0xff);
		name[1] = (char)(i >> 8);
		dossier_id_derive(TEXT("source"), (struct text){ name, 2 }, id);
		cr_assert_eq(id[6] & 0xf0, 0x80);
		cr_assert_eq(id[8] & 0xc0, 0x80);
	}
}

Test(digest, inputs)
{
	for (size_t i = 0; i < sizeof derived / sizeof *derived; i++) {
		uint8_t out[INPUT_BYTES];

		input_digest(text_of(derived[i].source), text_of(derived[i].id), out);
		cr_expect_str_eq(hex(out, sizeof out), derived[i].input);
	}
}

Test(digest, uuid_text)
{
	static const struct {
		const char	*name, *s;
		bool		ok;
	} cases[] = {
		{ "lower case", "00112233-4455-6677-8899-aabbccddeeff", true },
		{ "upper case", "00112233-4455-6677-8899-AABBCCDDEEFF", true },
		{ "one short", "00112233-4455-6677-8899-aabbccddeef", false },
		{ "one long", "00112233-4455-6677-8899-aabbccddeeff0", false },
		{ "no dashes", "00112233445566778899aabbccddeeff", false },
		{ "no dashes, filled", "00112233445566778899aabbccddeeff0000", false },
		{ "first dash gone", "001122330445506677-8899-aabbccddeeff", false },
		{ "dash moved", "0011223-34455-6677-8899-aabbccddeeff", false },
		{ "dash too many", "00112233-4455-6677-8899-aabb-cddeeff", false },
		{ "dash at the end", "00112233-4455-6677-8899-aabbccddeef-", false },
		{ "not a digit", "00112233-4455-6677-8899-aabbccddeefg", false },
		{ "braces", "{0112233-4455-6677-8899-aabbccddeef}", false },
		{ "empty", "", false },
		{ "absent", NULL, false },
	};
	static const uint8_t bytes[UUID_BYTES] = { 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
	    0xbb, 0xcc, 0xdd, 0xee, 0xff };
	static const uint8_t untouched[UUID_BYTES] = { 1, 2, 3 };
	char text[UUID_TEXT_BYTES];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t out[UUID_BYTES] = { 1, 2, 3 };

		cr_expect_eq(uuid_from_text(text_of(cases[i].s), out), cases[i].ok, "%s", cases[i].name);
		cr_expect_arr_eq(out, cases[i].ok ? bytes : untouched, UUID_BYTES, "%s", cases[i].name);
	}
	uuid_to_text(bytes, text);
	cr_assert_str_eq(text, cases[0].s);
}

Test(digest, random_bytes_differ)
{
	uint8_t a[SALT_BYTES] = { 0 }, b[SALT_BYTES] = { 0 };

	random_bytes(a, sizeof a);
	random_bytes(b, sizeof b);
	cr_assert_neq(memcmp(a, b, sizeof a), 0);
	random_bytes(a, 0);
}
