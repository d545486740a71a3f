#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# labels.pl URL CA-FILE: for each line of the standard input, a consignment, its label, by SOAP::Lite.
use strict;
use warnings;
use SOAP::Lite;

my ($url, $authority) = @ARGV;
my $service = SOAP::Lite->uri('urn:label')->proxy($url, ssl_opts => { SSL_ca_file => $authority });
$| = 1;
while (my $consignment = <STDIN>) {
	chomp $consignment;
	my $answer = $service->makeLabel(SOAP::Data->name(consignment => $consignment));
	die $answer->faultstring if $answer->fault;
	print $answer->result, "\n";
}
