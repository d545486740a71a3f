/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *printed(const struct grid *grid, bool with_colour)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	grid_print(grid, out, with_colour);
	fclose(out);
	return text;
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	struct grid grid = { .columns = 3 };
	(void)state;
	grid_add(&grid, GRID_BOLD, "A");
	grid_add(&grid, GRID_BOLD, "LONG TITLE");
	grid_add(&grid, GRID_BOLD, "C");
	grid_add(&grid, GRID_PLAIN, "z\xc3\xbcrich"); /* six characters in seven bytes */
	grid_add(&grid, GRID_RED, "b");
	grid_add(&grid, GRID_PLAIN, "");
	char *plain = printed(&grid, false), *colour = printed(&grid, true);
	assert_string_equal(plain, "A       LONG TITLE  C\nz\xc3\xbcrich  b           \n");
	assert_string_equal(colour, "\033[1mA\033[0m       \033[1mLONG TITLE\033[0m  \033[1mC\033[0m\n"
	                            "z\xc3\xbcrich  \033[31mb\033[0m           \n");
	free(plain);
	free(colour);
	grid_free(&grid);
}

static void many_rows(void **state)
{
	struct grid grid = { .columns = 2 };
	(void)state;
	for (int i = 0; i < 2000; i++)
		grid_add(&grid, GRID_PLAIN, "x");
	assert_false(grid.failed);
	char *text = printed(&grid, false);
	assert_int_equal(strlen(text), 1000 * strlen("x  x\n"));
	free(text);
	grid_free(&grid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(many_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
