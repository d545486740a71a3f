# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A fresh Debian of this machine's release, kept in $B/chroot, and throw-away copies of it.

# debian_mirror: where apt has its packages, or, with status 1, why there is none.
debian_mirror() {
	local codename mirror
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	# shellcheck disable=SC2016 # it is apt that expands
	mirror=$(apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(COMPONENT) $(SITE)' 'Created-By: Packages' 2> /dev/null |
		sed -n "s/^Debian $codename main //p" | head -n 1)
	echo "${mirror:-apt knows no mirror of this release, or this is not Debian}"
	[ "$mirror" ]
}

# chroot_base PACKAGE ...: makes it, with these packages, if it is not there; from where apt has its packages, so outside of a
# namespace without a network.  Its path, or, with status 1, why there is none.
chroot_base() {
	local packages codename mirror base log
	packages=$(printf '%s\n' "$@" | sort -u | paste -sd ,)
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	base=$B/chroot/$codename-$(md5sum <<< "$packages" | head -c 8)
	log=$base.log
	[ "$(id -u)" -eq 0 ] || { echo "only root can make a chroot"; return 1; }
	if [ -e "$base.done" ]; then
		echo "$base"
		return
	fi
	command -v debootstrap > /dev/null || { echo "debootstrap is not installed"; return 1; }
	mirror=$(debian_mirror) || { echo "$mirror"; return 1; }
	mkdir -p "$B/chroot"
	rm -rf "$base"
	if ! chroot_bootstrap "$packages" "$codename" "$base" "$mirror" > "$log" 2>&1; then
		echo "debootstrap: $(grep . "$log" | tail -n 1)"
		return 1
	fi
	touch "$base.done"
	echo "$base"
}

# Its mounts are gone with it.
chroot_bootstrap() {
	local proxy=''
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	[ -z "$proxy" ] || export http_proxy=$proxy
	unshare -m debootstrap --variant=minbase --include="$1" "$2" "$3" "$4" &&
		rm -rf "$3"/var/cache/apt/archives/*.deb "$3"/var/lib/apt/lists/*
}

# chroot_copy BASE DIRECTORY: what is written there does not reach BASE.  In a mount namespace of one's own.  Nothing of this machine is
# bound into it: whatever removes DIRECTORY, removes nothing else.
chroot_copy() {
	mkdir -p "$2.root" "$2"
	mount -t tmpfs none "$2.root" && mkdir "$2.root/upper" "$2.root/work" &&
		mount -t overlay overlay -o "lowerdir=$1,upperdir=$2.root/upper,workdir=$2.root/work" "$2" ||
		cp -a "$1/." "$2" || return
	mount -t proc -o ro proc "$2/proc" && mount -t tmpfs none "$2/run" && mount -t tmpfs none "$2/dev" &&
		mknod -m 666 "$2/dev/null" c 1 3 && mknod -m 666 "$2/dev/zero" c 1 5 && mknod -m 666 "$2/dev/random" c 1 8 &&
		mknod -m 666 "$2/dev/urandom" c 1 9 && mknod -m 666 "$2/dev/tty" c 5 0 && ln -s /proc/self/fd "$2/dev/fd"
}

# chroot_drop DIRECTORY: its mounts.
chroot_drop() {
	local mount
	for mount in "$1/dev" "$1/run" "$1/proc" "$1" "$1.root"; do
		! mountpoint -q "$mount" || umount -l "$mount"
	done
}
