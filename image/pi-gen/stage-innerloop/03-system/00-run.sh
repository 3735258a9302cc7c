#!/bin/bash -e
# Programs of the system that belong to no release, and the base system's own updates.
install -D -m 755 -t "${ROOTFS_DIR}/opt/innerloop/system" files/first-boot files/take-preset files/write-issue files/settle-update
install -D -m 644 files/unattended-upgrades "${ROOTFS_DIR}/etc/apt/apt.conf.d/60innerloop"
install -D -m 644 files/timesyncd.conf "${ROOTFS_DIR}/etc/systemd/timesyncd.conf.d/innerloop.conf"
install -D -m 644 files/environment "${ROOTFS_DIR}/etc/innerloop/environment"
# The box's first configuration, unless Imager's or the owner's own lies on the boot partition.
install -D -m 644 files/preset.json "${ROOTFS_DIR}/etc/innerloop/preset.json"
# Whose releases the box takes. An image without a key takes none, and says so.
install -d -m 755 "${ROOTFS_DIR}/opt/innerloop/update"
if [ -n "${UPDATE_KEYS}" ]; then install -m 644 "${UPDATE_KEYS}" "${ROOTFS_DIR}/opt/innerloop/update/keys.json"; fi
