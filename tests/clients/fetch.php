<?php
/* SPDX-License-Identifier: MIT */
/* fetch.php URL: the page, by ext/curl, a module that PHP loads with RTLD_DEEPBIND. */
$handle = curl_init($argv[1]);
curl_setopt($handle, CURLOPT_RETURNTRANSFER, true);
$page = curl_exec($handle);
if ($page === false) {
	fwrite(STDERR, "php: " . curl_error($handle) . "\n");
	exit(1);
}
echo $page;
