/* chain_follow - see chain_follow.h. */
#include "chain_follow.h"

bool
follow_take(struct follow *follow, struct digest *digest, const struct record *record)
{
	uint8_t claimed[DIGEST_BYTES], hash[DIGEST_BYTES];
	int64_t number;

	if (!event_number(record, &number) ||
	    !text_unhex(record_find(record, HEADER_CHAIN), claimed, DIGEST_BYTES)) {
		follow->strange++;
		return false;
	}
	if (number != follow->number + 1) {
		*(number <= follow->number ? &follow->repeated : &follow->beyond) += 1;
		return false;
	}
	chain_hash(digest, follow->hash, number, record, hash);
	if (memcmp(hash, claimed, DIGEST_BYTES) != 0) {
		follow->misfits++;
		return false;
	}
	follow->number = number;
	memcpy(follow->hash, hash, DIGEST_BYTES);
	return true;
}
