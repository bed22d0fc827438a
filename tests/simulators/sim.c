/* sim - see sim.h. */
#include "sim.h"

struct sim_options sim_options = { .secret = "secret", .seed = 1 };

const char *const service_names[SERVICES] = {
	[SERVICE_POPULATION] = "population",
	[SERVICE_ENTERPRISE] = "enterprise",
	[SERVICE_PAYMENT] = "payment",
	[SERVICE_POSTAL] = "postal",
	[SERVICE_OBJECTS] = "objects",
	[SERVICE_SMS] = "sms",
	[SERVICE_EMAIL] = "email",
	[SERVICE_OFFICER] = "officer",
	[SERVICE_CITIZEN] = "citizen",
	[SERVICE_BRIDGE] = "bridge",
};

enum service
service_find(struct text name)
{
	int i = 0;

	while (i < SERVICES && !text_is(name, service_names[i]))
		i++;
	return (enum service)i;
}

struct text
sim_dossier_of(struct text id)
{
	enum { UUID_LENGTH = 36 };

	if (id.n < UUID_LENGTH || id.s[8] != '-' || id.s[13] != '-' || id.s[18] != '-' || id.s[23] != '-')
		return TEXT_NONE;
	return (struct text){ id.s, UUID_LENGTH };
}
