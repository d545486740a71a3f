/* SPDX-License-Identifier: MIT */
/* A program that needs the library whose constructor connects: that one is initialised before any preload library. */
int early_loaded(void);

int main(void)
{
	return early_loaded() ? 0 : 1;
}
