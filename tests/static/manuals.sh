#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What programs say that they know, and what the sources do, is in the manual that it belongs to.  (Each option of the configuration is
# looked for by the unit test test_conf_files.)
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/../e2e/lib.bash"

cat > "$WORK/manuals.py" << 'PYTHON'
import glob, os, re, subprocess, sys

def words_of(page, only_items=False):
    """What a page's macro lines name; options as -x and --long."""
    words = set()
    for line in open(page):
        if not line.startswith(".It " if only_items else "."):
            continue
        tokens = line.replace("\\", "").split()
        for before, token in zip(["", *tokens], tokens):
            words.add("-" + token if before == "Fl" else token)
    return words

def source(*patterns):
    """Without line ends, so that a call is in one."""
    return " ".join(re.sub(r"\s+", " ", open(name).read()) for pattern in patterns for name in sorted(glob.glob(pattern)))

def help_of(*command):
    return subprocess.run([*command, "--help"], capture_output=True, text=True, env={**os.environ, "MPFAILOVER_OFF": "1"}).stdout

def options_in(text):
    return set(re.findall(r"(?<![\w-])(--?[a-zA-Z][a-z-]*)", text))

daemon, ctl = sys.argv[1:]
DAEMON_PAGE, CTL_PAGE = "probe/mpfailoverd.8", "probe/mpfailoverctl.8"
LIBRARY_PAGE, LAUNCHER_PAGE = "preload/libmpfailover.7", "scripts/mpfailover.1"

def report(what, page, wanted, found):
    missing = sorted(wanted - found)
    if len(wanted) == 0:
        print(f"not ok {page}: {what}: none was found to look for")
    elif missing:
        print(f"not ok {page}: {what}: lacks {' '.join(missing)}")
    else:
        print(f"ok {page}: {what} ({len(wanted)})")

for page, command in (DAEMON_PAGE, daemon), (CTL_PAGE, ctl), (LAUNCHER_PAGE, "scripts/mpfailover"):
    report("options", page, options_in(help_of(command)), words_of(page))
commands = set(re.findall(r"^  ([a-z]+) +\S", help_of(ctl), re.M))
report("commands", CTL_PAGE, commands, words_of(CTL_PAGE))
for command in sorted(commands):
    report(f"options of {command}", CTL_PAGE, options_in(help_of(ctl, command)) | {command}, words_of(CTL_PAGE))

ENVIRONMENT = r'\b(?:next_secure_getenv|secure_getenv|getenv|setenv)\("([A-Z_]+)"'
report("environment", LIBRARY_PAGE, set(re.findall(ENVIRONMENT, source("preload/*.c"))), words_of(LIBRARY_PAGE, True))
report("environment", CTL_PAGE, set(re.findall(ENVIRONMENT, source("probe/ctl/*.c", "probe/mpfailoverctl.c"))),
       words_of(CTL_PAGE, True))
others = [name for name in glob.glob("probe/**/*.c", recursive=True) if not re.search(r"/ctl/|/mpfailoverctl\.c$", name)]
report("environment", DAEMON_PAGE, set(re.findall(ENVIRONMENT, source(*others))), words_of(DAEMON_PAGE, True))
launcher = set(re.findall(r"\bMPFAILOVER_[A-Z]+\b", open("scripts/mpfailover").read()))
report("environment", LAUNCHER_PAGE, launcher, words_of(LAUNCHER_PAGE, True))

text = source(*others)
CALL = r'\b(?:log_begin|log_say|begin_line|news_say|news_event|candidate_news_event|candidate_tell)\([^;]*?'
events = set(re.findall(CALL + r'"([a-z-]+)"[,)]', text)) | set(re.findall(r'news_event\([^;]*?: "([a-z-]+)"\)', text))
report("events of the log", DAEMON_PAGE, events - {"event"}, words_of(DAEMON_PAGE, True))
keys = set(re.findall(r'\b(?:log_text|log_number|news_put_\w+)\([^;]*?, "([a-z_]+)"', text))
named = words_of(DAEMON_PAGE)
# What only hooks are told stands there as a variable.
report("keys of the log", DAEMON_PAGE, keys, named | {word[4:].lower() for word in named if word.startswith("MPF_")})
hooks = re.search(r'"on", GRAMMAR_EVENTS.*?WORDS\((.*?)\)', source("conf/grammar.c"))
report("events of hooks", DAEMON_PAGE, set(re.findall(r'"([a-z-]+)"', hooks.group(1))) if hooks else set(), words_of(DAEMON_PAGE, True))
variables = {"MPF_" + key.upper() for key in keys if key in
             ("service", "candidate", "address", "port", "uplink", "reason", "held", "usable", "instead", "instead_address", "candidates",
              "until_s", "days_left", "source", "interface", "instead_source", "instead_interface")}
report("variables of hooks", DAEMON_PAGE, variables | {"MPF_EVENT", "MPF_AT_MS"}, words_of(DAEMON_PAGE))

exits = set(re.findall(r"\bCTL_[A-Z_]+ = (\d+)", source("probe/ctl/ctl.h")))
report("exit statuses", CTL_PAGE, exits, words_of(CTL_PAGE, True))
signals = set(re.findall(r"uv_signal_start\([^;]*?, (SIG[A-Z]+)\)", source("probe/mpfailoverd.c")))
report("signals", DAEMON_PAGE, signals, words_of(DAEMON_PAGE, True))

see_also = {"/".join(re.findall(r"\.Xr (\S+) (\d)", line)[0]) for page in glob.glob("*/*.[1-8]") for line in open(page) if line.startswith(".Xr ")}
ours = {name for name in see_also if "mpfailover" in name}
there = {re.sub(r"^.*/(.*)\.(\d)$", r"\1/\2", page) for page in glob.glob("*/*.[1-8]")}
report("pages that others point to", "all", ours, there)
PYTHON
/usr/bin/python3 "$WORK/manuals.py" "$DAEMON" "$CTL" > "$WORK/manuals.log" || exit 2
while IFS= read -r line; do
	case $line in
	"not ok "*)
		line=${line#not ok }
		not_ok "${line%: lacks*}" "lacks${line#*: lacks}"
		;;
	*) echo "$line" ;;
	esac
done < "$WORK/manuals.log"
