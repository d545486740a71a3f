#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# fetch.pl HOST PORT: the page, by IO::Socket::INET, which tries the first address only.
use strict;
use warnings;
use IO::Socket::INET;

my ($host, $port) = @ARGV;
my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Proto => 'tcp', Timeout => 15)
	or die "perl: $@\n";
print $socket "GET / HTTP/1.0\r\nHost: $host\r\n\r\n";
my $answer = do { local $/; <$socket> };
$answer =~ s/^.*?\r\n\r\n//s;
print $answer;
