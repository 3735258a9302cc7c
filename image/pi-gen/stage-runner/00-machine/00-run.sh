#!/bin/bash -e
# What stages 0 to 2 of pi-gen give a Pi and an emulated machine lacks: a network by DHCP, a file system table, name resolution.
install -D -m 644 -t "${ROOTFS_DIR}/etc/systemd/network" files/50-dhcp.network
printf '%s\n' 'ROOTDEV / ext4 noatime,commit=5 0 1' 'BOOTDEV /boot/firmware vfat umask=0077,nofail 0 2' > "${ROOTFS_DIR}/etc/fstab"
mkdir -p "${ROOTFS_DIR}/boot/firmware"
