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

/* The terminal; all that is done to it can be undone and done again. */
struct screen {
	bool full; /* not just any output */
	bool keys; /* it is the keyboard, too */
	bool entered;
	struct termios before;
};

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
	fflush(stdout);
	return done && !ferror(stdout);
}

static void enter(struct screen *screen)
{
	struct termios by_key = screen->before;
	by_key.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	if (screen->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &by_key);
	if (screen->full && !screen->entered)
		fputs(SCREEN_ENTER, stdout);
	screen->entered = screen->full;
}

static void leave(struct screen *screen)
{
	if (screen->entered)
		fputs(SCREEN_LEAVE, stdout);
	screen->entered = false;
	fflush(stdout);
	if (screen->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
}

/* Stops as any program does; when it goes on, its shell may have changed the terminal. */
static void stop(struct screen *screen)
{
	sigset_t stopping;
	sigemptyset(&stopping);
	sigaddset(&stopping, SIGTSTP);
	leave(screen);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stopping, NULL);
	sigprocmask(SIG_BLOCK, &stopping, NULL);
	enter(screen);
}

/* False: that ends it. */
static bool take_signal(int signals, struct screen *screen)
{
	struct signalfd_siginfo signal;
	if (read(signals, &signal, sizeof signal) != sizeof signal)
		return false;
	if (signal.ssi_signo == SIGTSTP)
		stop(screen);
	else if (signal.ssi_signo == SIGCONT)
		enter(screen);
	else
		return false;
	return true;
}

static bool is_quit_key(void)
{
	char key = 0;
	return read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q';
}

/* Waits for the timer, or for the terminal to be given back.  False: it is over. */
static bool wait_for_next(int timer, int signals, struct screen *screen)
{
	struct pollfd wait[] = {
		{ .fd = timer, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO }, /* POLLERR: the pipe's reader is gone */
		{ .fd = screen->keys ? STDIN_FILENO : -1, .events = POLLIN },
	};
	uint64_t expirations;
	for (;;) {
		if (poll(wait, sizeof wait / sizeof wait[0], -1) < 0)
			return false;
		if (wait[1].revents)
			return take_signal(signals, screen);
		if (wait[2].revents & POLLERR || (wait[3].revents && is_quit_key()))
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

static int open_signals(bool full_screen)
{
	sigset_t taken;
	sigemptyset(&taken);
	sigaddset(&taken, SIGINT);
	sigaddset(&taken, SIGQUIT);
	sigaddset(&taken, SIGTERM);
	sigaddset(&taken, SIGHUP);
	if (full_screen) {
		sigaddset(&taken, SIGTSTP);
		sigaddset(&taken, SIGCONT);
	}
	sigprocmask(SIG_BLOCK, &taken, NULL);
	return signalfd(-1, &taken, SFD_CLOEXEC);
}

bool ctl_watch(ctl_watch_draw *draw, void *argument, bool full_screen)
{
	struct screen screen = { .full = full_screen };
	bool done = false;
	int signals = open_signals(full_screen), timer = open_timer();
	screen.keys = full_screen && tcgetattr(STDIN_FILENO, &screen.before) == 0;
	if (signals < 0 || timer < 0)
		goto cleanup;
	enter(&screen);
	do
		done = draw_once(draw, argument, full_screen);
	while (done && wait_for_next(timer, signals, &screen));
	leave(&screen);
cleanup:
	if (signals >= 0)
		close(signals);
	if (timer >= 0)
		close(timer);
	return done;
}
