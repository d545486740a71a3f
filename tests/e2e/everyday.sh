#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Preloaded into every program of a machine, by /etc/ld.so.preload: everyday programs behave byte for byte as before, be there
# a table or not.  The /etc that gets it is a copy, in a mount namespace of this script's own.

if [ -z "${OWN_MOUNTS-}" ]; then
	export OWN_MOUNTS=1
	if unshare -m true 2> /dev/null; then
		exec unshare -m -- bash "$0" "$@"
	elif unshare -Urm true 2> /dev/null; then
		exec unshare -Urm -- bash "$0" "$@"
	fi
	OWN_MOUNTS=
fi
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

if [ -z "$OWN_MOUNTS" ]; then
	skip "everyday programs" "no mount namespace of its own can be made here"
	exit
fi

# Each line: a program, and what the shell is to do with it in a directory that holds what `furnish` puts there.  Errors are wanted, too.
mapfile -t EVERYDAY << 'END_OF_LIST'
ls		ls -lR --time-style=full-iso; ls /nowhere
cat		cat -A words nothing
grep		grep -rn o . ; grep -c nowhere words
sed		sed -n -e "s/o/0/gp" words; sed -e "s/x" words
awk		awk "{ n += length(\$0) } END { print n, NR; exit 3 }" words
sort		sort -r words; sort -c words
uniq		sort words words | uniq -c
cut		cut -c 2-4 words; cut words
tr		tr a-z A-Z < words
head		head -n 2 words; head -n 1 nothing
tail		tail -c 7 words
wc		wc words tree/*
od		od -c words
find		find . -type f -printf "%p %s %m\n" | sort
xargs		ls | sort | xargs -n 1 -P 1 echo; false | xargs -r false; xargs false < words
tar		tar --sort=name --mtime=@0 --owner=0 --group=0 -cf - tree words; tar -tf words
gzip		gzip -nc words; gzip -nc words | gzip -dc; gzip -t words
xz		xz -c words | xz -dc; xz -t words
cp		cp -rv tree copy; cp nothing here
mv		mv -v words other
rm		rm -rv tree; rm nothing
mkdir		mkdir -pv a/b; mkdir tree
chmod		chmod -v 640 words; chmod 999 words
stat		stat -c "%n %s %a %Y" words tree nothing
dd		dd if=words bs=3 count=2 status=none; dd if=nothing
sha256sum	sha256sum words; echo 00 words | sha256sum -c
diff		diff -u words tree/leaf
cmp		cmp words tree/leaf
date		date -u -d @0; date -u -d nonsense
id		id; id -un; id nobody; id no-such-user
ps		ps -o pid=,user=,comm= -p 1
env		env -i A=1 env; env no-such-program
printf		env printf "%05d %s\n" 42 x; env printf "%d\n" x
seq		seq -w 8 11; factor 1234567890
timeout		timeout 0.05 sleep 9
bash		bash -c "trap \"echo bye\" EXIT; (exit 4); echo \$?; exit 5"
sh		sh -c "ulimit -n; umask; for i in 1 2; do echo \$i & wait; done; no-such-command"
perl		perl -we "print sort map { \"\$_\n\" } 3, 1, 2; my \$x; print \$x; die q(gone)"
python3		/usr/bin/python3 -c "import json, socket, ssl; print(json.dumps([socket.gethostbyname(\"localhost\")])); open(\"nothing\")"
php		php -r "echo gethostbyname(\"localhost\"), PHP_EOL; exit(5);"
node		node -e "console.log(process.argv.length); process.exitCode = 6"
ruby		ruby -rsocket -e "puts Addrinfo.tcp(\"127.0.0.1\", 80).inspect; raise \"gone\""
java		java -XX:-UsePerfData -Xshare:auto -version; java -XX:-UsePerfData NoSuchClass
make		make -f rules all; make -f rules no-such-goal
gcc		gcc -O1 -S -o - -x c prog; gcc -o a.out -x c prog && ./a.out; gcc -c -x c words
git		git init -q -b main && git add . && git commit -q -m x && git log --format=%H%n%s --stat; git show nothing
ssh		ssh -V; ssh -F none -o BatchMode=yes -p 1 127.0.0.1 true
openssl		openssl version; openssl dgst -sha1 words; openssl x509 -in words
curl		curl -s file://$PWD/words; curl -s http://127.0.0.1:1/; curl -s http://no.such.name/
wget		wget --version; wget -q -t 1 -O - http://127.0.0.1:1/
getent		getent hosts localhost; getent ahosts 127.0.0.1; getent ahosts no.such.name; getent services http/tcp
nc.openbsd	nc.openbsd -z 127.0.0.1 1; nc.openbsd -z 127.0.0.1 x
jq		jq -n "1 + 1"; jq . words
strings		strings -n 3 /bin/true | head; nm words
fetch		$B/m32/clients/fetch getaddrinfo localhost; $B/m32/clients/fetch gethostbyname 127.0.0.1 1
passwd		setpriv --reuid=65534 --regid=65534 --clear-groups passwd -S
END_OF_LIST

furnish() {
	rm -rf "$WORK/here"
	mkdir -p "$WORK/here/tree"
	cd "$WORK/here" || exit 2
	printf 'one\ntwo\nthree\n' > words
	echo leaf > tree/leaf
	printf 'all:\n\t@echo made\n\t@exit 0\n' > rules
	printf '#include <stdio.h>\nint main(void) { puts("hello"); return 7; }\n' > prog
	touch -d @0 words tree/leaf rules prog tree .
}

# outcomes RUN: of each program its exit status, standard output and standard error
outcomes() {
	local line name words to=$WORK/$1-run
	mkdir "$to" || exit 2
	for line in "${EVERYDAY[@]}"; do
		read -r name words <<< "$line"
		furnish
		HOME=$PWD bash -c "$words" > "$to/$name.out" 2> "$to/$name.err" < /dev/null
		echo $? > "$to/$name.status"
	done
	cd "$WORK" || exit 2
}

# differences NAME: to what it did by itself
differences() {
	local run kind
	for run in no-table table; do
		for kind in status out err; do
			diff --label alone --label "$run" -u "$WORK/alone-run/$1.$kind" "$WORK/$run-run/$1.$kind" 2>&1
		done
	done
}

is_loaded() { grep -q libmpfailover /proc/self/maps; }

export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@x GIT_AUTHOR_DATE=@0 GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@x GIT_COMMITTER_DATE=@0
export B MPFAILOVER_TABLE=$TABLE
cp -a /etc "$WORK/etc" 2> "$WORK/copy.log"
mount --bind "$WORK/etc" /etc || exit 2
rm -f /etc/ld.so.preload
outcomes warm
outcomes alone

# shellcheck disable=SC2016 # each dynamic linker takes what fits
echo "$B"'/$LIB/libmpfailover.so' > /etc/ld.so.preload
check "the library is in every program" is_loaded
outcomes no-table
"$CLIENTS/make_table" -h "$NAME" "$TABLE" "a=${SITE[1]}=down" "b=${SITE[2]}=up" || exit 2
outcomes table

for line in "${EVERYDAY[@]}"; do
	name=${line%%[[:space:]]*}
	if PATH=$PATH:$B/m32/clients command -v "$name" > "$WORK/which.log"; then
		same "$name: byte for byte as before" "" "$(differences "$name")"
	else
		skip "$name: byte for byte as before" "it is not installed"
	fi
done

# In a set-user-ID program whoever started it has no say, neither which table counts nor where lines are written.
readonly NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if [ "$(id -u)" = 0 ] && "${NOBODY[@]}" true 2> "$WORK/nobody.log" && ! findmnt -nT "$WORK" -o OPTIONS | grep -qw nosuid; then
	site_up 2
	cp "$CLIENTS/fetch" "$WORK/fetch" && cp "$CLIENTS/fetch" "$WORK/fetch-setuid" && chmod 4755 "$WORK/fetch-setuid"
	mkdir "$WORK/lines" && chown 65534 "$WORK/lines"
	by_nobody() { "${NOBODY[@]}" env MPFAILOVER_LOG="$WORK/lines/$1" "$WORK/$1" gethostbyname "${SITE[1]}" "$HTTP" 2>&1; }
	same "a user's environment counts" site-2 "$(by_nobody fetch)"
	same "but not in a set-user-ID program" "connect: Connection refused" "$(by_nobody fetch-setuid)"
	same "nor is anything written for it" fetch "$(ls "$WORK/lines")"
else
	skip "set-user-ID programs" "this user cannot become another one, or the directory is mounted nosuid"
fi
