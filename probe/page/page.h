/* SPDX-License-Identifier: MIT */
/*
 * page.h - the page for people, put together from page.html, page.css and page.js when the daemon is built.
 */
#ifndef MPFAILOVER_PAGE_H
#define MPFAILOVER_PAGE_H

extern const char page_html[] __attribute__((visibility("hidden")));
extern const char page_html_end[] __attribute__((visibility("hidden"))); /* the first byte behind it */

/* Its Content-Security-Policy, a string: the style and the script that are in it, and data from where it came from. */
extern const char page_policy[] __attribute__((visibility("hidden")));

#endif
