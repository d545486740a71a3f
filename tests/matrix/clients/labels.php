<?php
/* SPDX-License-Identifier: MIT */
/* labels.php URL CA-FILE: for each line of the standard input, a consignment, its label, by SoapClient. */
[, $url, $authority] = $argv;
$client = new SoapClient("$url?wsdl", [
	'cache_wsdl' => WSDL_CACHE_NONE,
	'stream_context' => stream_context_create(['ssl' => ['cafile' => $authority]]),
]);
while (($consignment = fgets(STDIN)) !== false)
	echo $client->makeLabel(rtrim($consignment)), "\n";
