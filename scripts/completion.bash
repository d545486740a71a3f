# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# bash completion for mpfailover, mpfailoverctl and mpfailoverd.  The commands are those that mpfailoverctl itself lists; hosts and
# addresses are those of the table that it would read.

# _mpfailover_words TEXT WORD: the words of TEXT that go on with WORD
_mpfailover_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); }

_mpfailover_files() {
	compopt -o filenames
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# The table that the line so far names, as options of mpfailoverctl.
_mpfailover_table() {
	local i
	table=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-t | --table) table=(-t "${COMP_WORDS[i + 1]}") ;;
		esac
	done
}

# _mpfailover_subjects CTL services|candidates|both: their names, SERVICE and SERVICE/CANDIDATE, one to a line
_mpfailover_subjects() {
	local line name service=''
	"$1" "${table[@]}" status --json 2> /dev/null |
		sed -n '/^  "services": \[/,${ /^ \{6,10\}"name": "/p }' |
		while IFS= read -r line; do
			name=${line#*: \"}
			name=${name%\"*}
			name=${name//\\\"/\"}
			name=${name//\\\\/\\}
			if [[ $line != '          "'* ]]; then
				service=$name
				[ "$2" = candidates ] || printf '%s\n' "$service"
			elif [ "$2" != services ]; then
				printf '%s/%s\n' "$service" "$name"
			fi
		done
}

# _mpfailover_offer WORD: those of the lines on standard input that go on with WORD, quoted as the shell wants it.  Where readline
# breaks words at "@", ":" or "=", it wants what follows the last of them.
_mpfailover_offer() {
	local name whole=$1 before='' breaks=${COMP_WORDBREAKS//[^@:=]/}
	if [ -n "${COMP_LINE-}" ]; then
		whole=${COMP_LINE:0:COMP_POINT}
		whole=${whole##*[[:space:]]}
		[ -z "$breaks" ] || before=${whole%"${whole##*["$breaks"]}"}
	fi
	while IFS= read -r name; do
		name=$(printf '%q' "$name")
		[[ $name != "$whole"* ]] || COMPREPLY+=("${name#"$before"}")
	done
}

# The command of mpfailoverctl that the line so far holds, and how many arguments it has already.
_mpfailover_subcommand() {
	local i
	subcommand='' arguments=0
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-t | --table | -s | --socket | -c | --config | -b | --bind | -l | --library) i=$((i + 1)) ;;
		-*) ;;
		*)
			if [ -n "$subcommand" ]; then
				arguments=$((arguments + 1))
			else
				subcommand=${COMP_WORDS[i]}
			fi
			;;
		esac
	done
}

_mpfailover_hosts() {
	"$1" "${table[@]}" status --json 2> /dev/null |
		sed -n -e '/"hosts": \[/,/\]/s/^ *"\([^"*]*\)",*$/\1/p' -e 's/^ *"address": "\([0-9.]*\)",*$/\1/p'
}

_mpfailoverctl() {
	local word=${COMP_WORDS[COMP_CWORD]} table subcommand arguments
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-t | --table | -s | --socket | -c | --config | -l | --library)
		_mpfailover_files "$word"
		return
		;;
	esac
	_mpfailover_table
	_mpfailover_subcommand
	case $subcommand,$arguments,$word in
	,*,-*) _mpfailover_words '-t --table -s --socket -h --help -V --version' "$word" ;;
	,*) _mpfailover_words "$("$1" --help 2> /dev/null | sed -n 's/^  \([a-z]*\)  .*/\1/p')" "$word" ;;
	status,*) _mpfailover_words '--json --watch --table --help' "$word" ;;
	explain,*,-*) _mpfailover_words '--table --help' "$word" ;;
	doctor,*,-*) _mpfailover_words '--json --library --quiet --table --help' "$word" ;;
	doctor,0,*) mapfile -t COMPREPLY < <(compgen -c -f -- "$word" | sort -u) ;;
	export,*,-*) _mpfailover_words '--config --bind --table --help' "$word" ;;
	export,0,*) _mpfailover_words haproxy "$word" ;;
	explain,0,*) _mpfailover_words "$(_mpfailover_hosts "$1")" "$word" ;;
	events,*) _mpfailover_words '--follow --json --socket --table --help' "$word" ;;
	drain,*,-* | maint,*,-* | ready,*,-* | off,*,-* | on,*,-* | check,*,-* | reload,* | log,*,-*)
		_mpfailover_words '--json --socket --table --help' "$word"
		;;
	drain,* | maint,* | ready,*) _mpfailover_offer "$word" < <(_mpfailover_subjects "$1" candidates) ;;
	off,* | on,*) _mpfailover_offer "$word" < <(_mpfailover_subjects "$1" services) ;;
	check,*) _mpfailover_offer "$word" < <(_mpfailover_subjects "$1" both) ;;
	log,0,*) _mpfailover_words 'error warn info debug' "$word" ;;
	esac
}

_mpfailoverd() {
	local word=${COMP_WORDS[COMP_CWORD]}
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-c | --config | -t | --table) _mpfailover_files "$word" ;;
	*) _mpfailover_words '-c --config -n --check -t --table -v --verbose -V --version -h --help' "$word" ;;
	esac
}

# After the launcher's own options comes a command, which is completed as it would be without the launcher.
_mpfailover() {
	local word=${COMP_WORDS[COMP_CWORD]} i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-t | --table) i=$((i + 1)) ;;
		-*) ;;
		*) break ;;
		esac
	done
	if ((i > COMP_CWORD)); then
		_mpfailover_files "$word"
	elif [[ $i -eq $COMP_CWORD && $word == -* ]]; then
		_mpfailover_words '-q --quiet -v --verbose -t --table -h --help -V --version' "$word"
	elif declare -F _command_offset > /dev/null; then
		_command_offset "$i"
	elif [ "$i" -eq "$COMP_CWORD" ]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$word")
	else
		_mpfailover_files "$word"
	fi
}

complete -F _mpfailover mpfailover
complete -F _mpfailoverctl mpfailoverctl
complete -F _mpfailoverd mpfailoverd
