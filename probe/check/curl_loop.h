/* SPDX-License-Identifier: MIT */
/*
 * curl_loop.h - libcurl's multi interface on a libuv loop.
 *
 * libcurl keeps one certificate store parsed for each multi handle (the system's costs 18 ms of CPU), so there is one multi
 * handle for each store that is in use, for the daemon's life.
 */
#ifndef MPFAILOVER_CURL_LOOP_H
#define MPFAILOVER_CURL_LOOP_H

#include <curl/curl.h>
#include <uv.h>

struct curl_loop;

/* libcurl's own, once in a process: 0 or -errno. */
int curl_loop_setup(void);

/* The one for CA_FILE ("": the system's store) from LIST, added if it is not there yet.  NULL: no memory. */
struct curl_loop *curl_loop_for(struct curl_loop **list, uv_loop_t *loop, const char *ca_file);

/* Starts EASY, whose CURLOPT_PRIVATE is OWNER.  DONE is called once, from the loop; the transfer is out of the multi
 * handle then. */
typedef void curl_loop_done(void *owner, CURLcode result);
CURLMcode curl_loop_add(struct curl_loop *loop, CURL *easy, curl_loop_done *done);
void curl_loop_remove(struct curl_loop *loop, CURL *easy);

void curl_loop_close_all(struct curl_loop *list);

#endif
