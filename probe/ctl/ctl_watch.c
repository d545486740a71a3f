/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <unistd.h>

/* The alternate screen, without wrapping at its right edge and without a cursor; and back. */
#define SCREEN_ENTER "\033[?1049h\033[?7l\033[?25l"
#define SCREEN_LEAVE "\033[?25h\033[?7h\033[?1049l"

static unsigned screen_rows(void)
{
	struct winsize size;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row ? size.ws_row : 24;
}

/* Overwrites line by line, which does not flicker as an erased screen does; the last row says what was cut off. */
static void show_screen(const char *text)
{
	const unsigned rows = screen_rows();
	unsigned row = 1, hidden = 0;
	fputs("\033[H", stdout);
	while (*text) {
		const size_t length = strcspn(text, "\n");
		if (row++ < rows)
			printf("%.*s\033[K\r\n", (int)length, text);
		else
			hidden++;
		text += length + (text[length] == '\n');
	}
	if (hidden)
		printf("(%u more lines)", hidden);
	fputs("\033[J", stdout);
}

static bool draw_once(ctl_watch_draw *draw, void *argument, bool full_screen)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	if (!memory)
		return false;
	bool done = draw(memory, argument);
	done = fclose(memory) == 0 && done;
	if (done && size && full_screen)
		show_screen(text);
	else if (done && size)
		fwrite(text, 1, size, stdout);
	free(text);
	return fflush(stdout) == 0 && done;
}

static bool is_quit_key(void)
{
	char key = 0;
	return read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q';
}

/* Waits for the timer.  False: it is over. */
static bool wait_for_next(int timer, int signals, bool keys)
{
	struct pollfd wait[] = {
		{ .fd = timer, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO }, /* POLLERR: the pipe's reader is gone */
		{ .fd = keys ? STDIN_FILENO : -1, .events = POLLIN },
	};
	uint64_t expirations;
	for (;;) {
		if (poll(wait, sizeof wait / sizeof wait[0], -1) < 0)
			return false;
		if (wait[1].revents || wait[2].revents & POLLERR || (wait[3].revents && is_quit_key()))
			return false;
		if (wait[0].revents)
			return read(timer, &expirations, sizeof expirations) == sizeof expirations;
	}
}

static int open_timer(void)
{
	const struct itimerspec each_second = { .it_interval.tv_sec = 1, .it_value.tv_sec = 1 };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (timer >= 0 && timerfd_settime(timer, 0, &each_second, NULL) == 0)
		return timer;
	if (timer >= 0)
		close(timer);
	return -1;
}

bool ctl_watch(ctl_watch_draw *draw, void *argument, bool full_screen)
{
	struct termios before;
	sigset_t ending;
	bool done = false;
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, NULL);
	int signals = signalfd(-1, &ending, SFD_CLOEXEC), timer = open_timer();
	const bool keys = full_screen && tcgetattr(STDIN_FILENO, &before) == 0;
	if (signals < 0 || timer < 0)
		goto cleanup;
	if (keys) {
		struct termios by_key = before;
		by_key.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &by_key);
	}
	if (full_screen)
		fputs(SCREEN_ENTER, stdout);
	do
		done = draw_once(draw, argument, full_screen);
	while (done && wait_for_next(timer, signals, keys));
	if (full_screen)
		fputs(SCREEN_LEAVE, stdout);
	if (keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
cleanup:
	if (signals >= 0)
		close(signals);
	if (timer >= 0)
		close(timer);
	return done;
}
