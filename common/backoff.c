/* backoff - see backoff.h. */
#include "backoff.h"

int64_t
backoff_ceiling_ms(const struct backoff *backoff, int failures)
{
	int64_t ms = backoff->first_ms;

	if (failures <= 0)
		return 0;
	/* Compared before doubling, so that nothing overflows. */
	for (int i = 1; i < failures && ms < backoff->most_ms && ms > 0; i++)
		ms = ms > backoff->most_ms / 2 ? backoff->most_ms : ms * 2;
	return ms < backoff->most_ms ? ms : backoff->most_ms;
}

uint64_t
backoff_mix(uint64_t seed)
{
	seed += UINT64_C(0x9e3779b97f4a7c15);
	seed = (seed ^ (seed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	seed = (seed ^ (seed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return seed ^ (seed >> 31);
}

int64_t
backoff_ms(const struct backoff *backoff, int failures, uint64_t seed)
{
	int64_t ceiling_ms = backoff_ceiling_ms(backoff, failures);

	if (ceiling_ms <= 0)
		return 0;
	return (int64_t)(backoff_mix(seed ^ backoff_mix((uint64_t)failures)) % ((uint64_t)ceiling_ms + 1));
}
