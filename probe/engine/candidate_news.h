/* SPDX-License-Identifier: MIT */
/*
 * candidate_news.h - what the changes of a candidate are as news: for the log, for those who follow events, and for hooks.
 */
#ifndef MPFAILOVER_CANDIDATE_NEWS_H
#define MPFAILOVER_CANDIDATE_NEWS_H

#include <jansson.h>

#include "probe/engine/candidate.h"

/* It went on from what its row says, which is no news. */
void candidate_news_adopted(struct candidate *candidate);

/* Its verdict and flags were BEFORE. */
void candidate_news_changed(struct candidate *candidate, const struct verdict *before);

/* Time has passed, or an operator has spoken. */
void candidate_news_passed(struct candidate *candidate);

/* What each service has come to; as ADOPTED that is no news. */
void candidate_news_settle(const struct roster *roster, bool adopted);

/* EVENT with what identifies the candidate. */
json_t *candidate_news_event(const char *event, const struct candidate *candidate);

#endif
