/* SPDX-License-Identifier: MIT */
/*
 * label URL [CA-FILE]: a label from each call of the service, by what gSOAP makes of its description.  One call; with CA-FILE
 * one for each line of the standard input, which is the consignment, and HTTPS.
 */
#include <stdio.h>
#include <string.h>

#include "soapH.h"

#include "LabelBinding.nsmap"

static int call(struct soap *soap, const char *url, char *consignment)
{
	char *label;

	if (soap_call_ns1__makeLabel(soap, url, NULL, consignment, &label) != SOAP_OK) {
		soap_print_fault(soap, stderr);
		return 1;
	}
	puts(label);
	soap_destroy(soap);
	soap_end(soap);
	return 0;
}

int main(int argc, char **argv)
{
	char line[256];
	int status = 0;
	struct soap *soap = soap_new();

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 3)
		return call(soap, argv[1], "DMC0000001");
	soap_ssl_init();
	if (soap_ssl_client_context(soap, SOAP_SSL_DEFAULT, NULL, NULL, argv[2], NULL, NULL)) {
		soap_print_fault(soap, stderr);
		return 1;
	}
	while (!status && fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		status = call(soap, argv[1], line);
	}
	return status;
}
