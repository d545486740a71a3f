/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_grid.h"

#include <stdlib.h>
#include <string.h>

void grid_add(struct grid *grid, enum grid_colour colour, const char *text)
{
	if (grid->count == grid->room) {
		const size_t room = grid->room ? 2 * grid->room : 64;
		struct grid_cell *cells = reallocarray(grid->cells, room, sizeof *cells);
		if (!cells) {
			grid->failed = true;
			return;
		}
		grid->cells = cells;
		grid->room = room;
	}
	char *copy = strdup(text);
	if (!copy) {
		grid->failed = true;
		return;
	}
	grid->cells[grid->count++] = (struct grid_cell){ .text = copy, .colour = colour };
}

/* Columns on a terminal: bytes that do not continue a UTF-8 character. */
static size_t width(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

void grid_print_text(FILE *out, enum grid_colour colour, const char *text, bool with_colour)
{
	static const char *const codes[] = {
		[GRID_PLAIN] = "",          [GRID_BOLD] = "\033[1m", [GRID_GREEN] = "\033[32m",
		[GRID_YELLOW] = "\033[33m", [GRID_RED] = "\033[31m",
	};
	if (with_colour && colour != GRID_PLAIN)
		fprintf(out, "%s%s\033[0m", codes[colour], text);
	else
		fputs(text, out);
}

void grid_print(const struct grid *grid, FILE *out, bool with_colour)
{
	size_t widest[GRID_COLUMNS] = { 0 };
	for (size_t i = 0; i < grid->count; i++) {
		const size_t own = width(grid->cells[i].text), column = i % grid->columns;
		if (own > widest[column])
			widest[column] = own;
	}
	for (size_t i = 0; i < grid->count; i++) {
		const size_t column = i % grid->columns;
		const struct grid_cell *cell = &grid->cells[i];
		grid_print_text(out, cell->colour, cell->text, with_colour);
		if (column + 1 == grid->columns)
			fputc('\n', out);
		else
			fprintf(out, "%*s", (int)(widest[column] - width(cell->text) + 2), "");
	}
}

void grid_free(struct grid *grid)
{
	for (size_t i = 0; i < grid->count; i++)
		free(grid->cells[i].text);
	free(grid->cells);
	*grid = (struct grid){ .columns = grid->columns };
}
