/* SPDX-License-Identifier: MIT */
/*
 * ctl_grid.h - rows of texts, printed in columns as wide as they need to be.
 */
#ifndef MPFAILOVER_CTL_GRID_H
#define MPFAILOVER_CTL_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { GRID_COLUMNS = 12 };

enum grid_colour { GRID_PLAIN, GRID_BOLD, GRID_GREEN, GRID_YELLOW, GRID_RED };

struct grid_cell {
	char *text;
	enum grid_colour colour;
};

struct grid {
	unsigned columns; /* at most GRID_COLUMNS */
	size_t count;     /* cells so far, row by row */
	size_t room;
	struct grid_cell *cells;
	bool failed; /* memory ran out: what follows is dropped */
};

/* Appends a cell with a copy of TEXT; a row is full after `columns` of them. */
void grid_add(struct grid *grid, enum grid_colour colour, const char *text);

/* Prints all rows, two spaces between columns; the last one is not padded. */
void grid_print(const struct grid *grid, FILE *out, bool with_colour);

/* Prints TEXT in COLOUR, as a cell is. */
void grid_print_text(FILE *out, enum grid_colour colour, const char *text, bool with_colour);

void grid_free(struct grid *grid);

#endif
