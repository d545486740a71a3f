#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# ask.pl HOW HOST: what HOST says, by IO::Socket::INET, LWP or SOAP::Lite (a label).
use strict;
use warnings;

my ($how, $host) = @ARGV;
if ($how eq 'IO::Socket::INET') {
	require IO::Socket::INET;
	my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => 23, Timeout => 30) or die "$@\n";
	print <$socket>;
} elsif ($how eq 'LWP') {
	require LWP::UserAgent;
	my $answer = LWP::UserAgent->new->get("http://$host/");
	die $answer->status_line . "\n" unless $answer->is_success;
	print $answer->decoded_content;
} else {
	require SOAP::Lite;
	my $service = SOAP::Lite->uri('urn:label')->proxy("http://$host/label");
	print $service->makeLabel(SOAP::Data->name(consignment => 'DMC0000001'))->result, "\n";
}
