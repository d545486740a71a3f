<?php
/* SPDX-License-Identifier: MIT */
/* ask.php HOW HOST: what HOST says, by streams, SoapClient (a label), ext/curl or ext/sockets. */
[, $how, $host] = $argv;
switch ($how) {
case 'streams':
	$said = file_get_contents("http://$host/");
	break;
case 'SoapClient':
	$client = new SoapClient("http://$host/label?wsdl", ['cache_wsdl' => WSDL_CACHE_NONE]);
	$said = $client->makeLabel('DMC0000001');
	break;
case 'curl':
	$handle = curl_init("http://$host/");
	curl_setopt($handle, CURLOPT_RETURNTRANSFER, true);
	$said = curl_exec($handle);
	break;
case 'sockets':
	$socket = socket_create(AF_INET, SOCK_STREAM, SOL_TCP);
	$said = socket_connect($socket, $host, 23) ? socket_read($socket, 4096) : false;
	break;
}
echo $said, "\n";
exit(is_string($said) ? 0 : 1);
