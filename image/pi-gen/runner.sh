#!/bin/bash -e
# Applies stages of pi-gen's form to a Debian root, where Raspberry Pi's own archive cannot be reached: the same order
# and variables as pi-gen's build.sh, but it fails where pi-gen silently skips a script that is not executable.
# Usage: runner.sh BASE.tar STAGE…    Environment: WORK_DIR, and what image/pi-gen/config sets.
BASE_TAR=${1:?a tar of the base root}
shift
export WORK_DIR STAGE STAGE_DIR STAGE_WORK_DIR ROOTFS_DIR PREV_ROOTFS_DIR
export IMG_NAME RELEASE TARGET_HOSTNAME FIRST_USER_NAME ENABLE_SSH LOCALE_DEFAULT TIMEZONE_DEFAULT

log() {
	printf '[%(%T)T] %s\n' -1 "$*"
}

# A shell of its own, so that whatever fails inside, nothing stays mounted.
on_chroot() (
	# shellcheck disable=SC2154
	trap 'for target in run dev sys proc; do ! mountpoint -q "$ROOTFS_DIR/$target" || umount --recursive --lazy "$ROOTFS_DIR/$target"; done
		rm -f "$ROOTFS_DIR/usr/sbin/policy-rc.d"' EXIT
	for fs in proc sys dev; do
		mkdir -p "$ROOTFS_DIR/$fs"
		mount --rbind --make-rslave "/$fs" "$ROOTFS_DIR/$fs"
	done
	mount -t tmpfs tmpfs "$ROOTFS_DIR/run"
	# Where systemd-resolved's link points to: names must resolve while no resolver of the root's own runs.
	mkdir -p "$ROOTFS_DIR/run/systemd/resolve"
	cp --dereference /etc/resolv.conf "$ROOTFS_DIR/run/systemd/resolve/stub-resolv.conf"
	# Nothing that a package starts may run: the root is not a machine yet.
	printf '#!/bin/sh\nexit 101\n' > "$ROOTFS_DIR/usr/sbin/policy-rc.d"
	chmod 755 "$ROOTFS_DIR/usr/sbin/policy-rc.d"
	env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 \
		chroot "$ROOTFS_DIR" /bin/bash -e
)

copy_previous() {
	mkdir -p "${ROOTFS_DIR}"
	if [ -n "$PREV_ROOTFS_DIR" ]; then
		cp --archive --one-file-system "$PREV_ROOTFS_DIR/." "$ROOTFS_DIR/"
		return
	fi
	tar --extract --file "${BASE_TAR}" --directory "${ROOTFS_DIR}" --numeric-owner --xattrs --xattrs-include='*'
}
export BASE_TAR
export -f log on_chroot copy_previous

packages() { # FILE: without comments
	sed -e 's/#.*//' "$1" | tr '\n' ' '
}

install_packages() { # FLAG FILE
	local names
	names=$(packages "$2")
	[ -n "${names// /}" ] || return 0
	on_chroot <<< "apt-get -o Acquire::Retries=3 $1 install -y $names"
}

run_sub_stage() {
	local dir=$1 i
	log "Begin $dir"
	cd "$dir"
	for i in {00..99}; do
		if [ -f "$i-debconf" ]; then on_chroot < <(printf 'debconf-set-selections <<"SELEOF"\n%s\nSELEOF\n' "$(cat "$i-debconf")"); fi
		if [ -f "$i-packages-nr" ]; then install_packages --no-install-recommends "$i-packages-nr"; fi
		if [ -f "$i-packages" ]; then install_packages '' "$i-packages"; fi
		if [ -d "$i-patches" ]; then
			log "$dir/$i-patches: our stages carry no patches" && return 1
		fi
		if [ -f "$i-run.sh" ]; then
			[ -x "$i-run.sh" ] || { log "$dir/$i-run.sh is not executable: pi-gen would skip it"; return 1; }
			"./$i-run.sh"
		fi
		if [ -f "$i-run-chroot.sh" ]; then on_chroot < "$i-run-chroot.sh"; fi
	done
	log "End $dir"
}

for STAGE_DIR in "$@"; do
	STAGE_DIR=$(realpath "$STAGE_DIR")
	STAGE=$(basename "$STAGE_DIR")
	STAGE_WORK_DIR=$WORK_DIR/$STAGE
	ROOTFS_DIR=$STAGE_WORK_DIR/rootfs
	mkdir -p "$STAGE_WORK_DIR"
	rm -rf --one-file-system "$ROOTFS_DIR"
	cd "$STAGE_DIR"
	[ -x prerun.sh ] || { log "$STAGE_DIR/prerun.sh is missing or not executable"; exit 1; }
	./prerun.sh
	on_chroot <<< 'apt-get -o Acquire::Retries=3 update'
	for sub_stage in "$STAGE_DIR"/*/; do run_sub_stage "${sub_stage%/}"; done
	PREV_ROOTFS_DIR=$ROOTFS_DIR
done
log "The root is at $ROOTFS_DIR"
