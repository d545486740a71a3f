/* SPDX-License-Identifier: MIT */
/*
 * The preload library that does nothing, to compare with.
 */
__attribute__((visibility("default"))) void mpf_nothing(void);
void mpf_nothing(void) {}
