#!/bin/bash -e
# No door that came with the card: no password, no SSH, no user until Imager names one.
rm -f "${ROOTFS_DIR}"/etc/ssh/ssh_host_*_key*
install -d -m 755 "${ROOTFS_DIR}/etc/ssh/sshd_config.d"
install -m 644 /dev/stdin "${ROOTFS_DIR}/etc/ssh/sshd_config.d/innerloop.conf" <<-EOF
	# Should the owner turn SSH on: keys only.
	PasswordAuthentication no
	PermitRootLogin no
EOF
# pi-gen's own first-boot growth of the root would take the space of the data partition.
rm -f "${ROOTFS_DIR}/etc/systemd/system/multi-user.target.wants/rpi-resize.service"
# Where the data partition goes. A broken one must not stop the box at a prompt that nobody can answer (nofail): the
# service waits for this mount, however late it comes (timeout 0), and does not begin a second life on the root.
FSTAB="${ROOTFS_DIR}/etc/fstab"
touch "${FSTAB}"
grep -q innerloop-data "${FSTAB}" || printf '%s\n' \
	'LABEL=innerloop-data /var/lib/private/innerloop ext4 noatime,nodev,nosuid,noexec,commit=5,nofail,x-systemd.device-timeout=0 0 2' >> "${FSTAB}"
install -d -m 700 "${ROOTFS_DIR}/var/lib/private"
install -d -m 700 "${ROOTFS_DIR}/var/lib/private/innerloop"
